"""How the reader's weights are made: data -> examples -> arrays -> weights, each step runnable again."""
