"""How the weights of the engine `mini` are made: data, train, export, evaluate. See docs/mini.md.

Not part of the wheel; needs `training/requirements.txt` in an environment of its own.
"""
