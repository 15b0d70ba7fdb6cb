"""What may be typed after `seamline`: each command's options, and the module that does it."""
