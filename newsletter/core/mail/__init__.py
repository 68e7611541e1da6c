"""The mail: its words, its html, and the bytes that go over the wire."""
