"""A receiver, a store, a stream and a page of events, for one machine or a small team."""
