"""Pure decisions: which address may be connected to, when to try again, what an answer means, how a message is signed."""
