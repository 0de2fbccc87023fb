"""What a model learns its roles from: its own attempts at problems, and worked examples of refining and aggregating them."""
