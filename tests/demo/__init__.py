"""A team and some forty customers who use Knock as people do, so that newcomers find it alive: `make demo`."""
