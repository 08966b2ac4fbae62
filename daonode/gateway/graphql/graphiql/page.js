// Starts GraphiQL on the address that it is served from, for queries and for subscriptions.
"use strict";

const address = new URL(window.location.pathname, window.location.href);
const socket = new URL(address);
socket.protocol = address.protocol === "https:" ? "wss:" : "ws:";

const DECIDING = `# What this DAO decides now. Ctrl-Enter runs it.
query Deciding {
  status {
    chainId
    height
  }
  proposals(status: deciding, first: 5) {
    items {
      number
      title
      tally {
        yes
        no
        turnout
        quorum
      }
    }
    nextCursor
  }
}
`;

const BLOCKS = `# Every block as it comes.
subscription Blocks {
  blockAdded {
    position
    block {
      height
      time
      transactionCount
    }
  }
}
`;

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: address.href, subscriptionUrl: socket.href }),
    defaultTabs: [{ query: DECIDING }, { query: BLOCKS }],
    shouldPersistHeaders: false,
  }),
);
