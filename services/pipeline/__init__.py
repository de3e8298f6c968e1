"""What we sell: funnels and their stages, deals, products, orders, shipments, payments, exchange rates."""
