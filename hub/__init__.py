"""A self-hosted real-time hub between POS registers and payment terminals."""

__version__ = "0.1.0"
