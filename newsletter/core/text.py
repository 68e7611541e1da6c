"""Text from strangers made safe to store, to compare and to print."""
