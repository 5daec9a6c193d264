"""The pages: POS, virtual terminal, dashboard, and the browser SDK that they use. They talk to the hub over the wire
only."""
