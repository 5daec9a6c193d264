"""What the user asked for: "Pairing with a Payment Acceptance Device", sentence by sentence.

`sentences` has the beginning of each; `test_every_sentence` holds that a test's docstring quotes it.
"""
