"""The catalogue's use cases: `catalog` keeps the contract and serves the person on duty, `shop` serves shoppers.

`reference` is what every answer needs, `pages` the shape of answers, `answers` keeps ready ones.
"""
