"""The POS API over real sockets: pos-api to the letter, and the extensions."""
