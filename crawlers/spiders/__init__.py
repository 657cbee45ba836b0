"""The spider. The order of reading: `news` starts it all, `channels` reads feeds, sitemaps and listings, `pages` articles."""
