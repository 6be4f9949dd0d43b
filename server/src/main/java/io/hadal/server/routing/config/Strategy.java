package io.hadal.server.routing.config;

/** In which order the upstreams of a route are tried. */
public enum Strategy {
  /** By their priority, the lowest first; equal ones by chance and weight. */
  PRIORITY,
  /** By chance, in proportion to their weights. */
  WEIGHTED,
  /** By what the request is expected to cost there, cache hits included. */
  LEAST_COST,
  /** By measured time to the first token and between tokens. */
  LOWEST_LATENCY,
  /** By measured tokens a second. */
  THROUGHPUT,
  /** A session stays where its prompt is cached. */
  AFFINITY
}
