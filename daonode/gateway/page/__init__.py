"""The web page of the DAO: ES modules, styles and a font as package data, and the routes that serve them.

`static/` is the page as browsers get it: there is no build step. In it, `chain/` signs and verifies and knows no page,
`data/` asks the gateway, `show/` makes elements, `keys/` keeps a key, `views/` are what people see, and `main.mjs` puts
them together. May import starlette and what stands below the gateway; must not know what the resources answer.
"""

from daonode.gateway.page.serving import routes

__all__ = ["routes"]
