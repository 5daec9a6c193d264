"""The bus: after a commit it wakes who must know. It carries signals, never the truth."""
