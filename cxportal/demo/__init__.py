"""An invented café and grocery chain, to see the product at work before any data of one's own."""
