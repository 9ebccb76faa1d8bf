"""What events promise, whatever carries them and wherever they wait."""
