package io.hadal.platform.tenancy;

/** The right to do something with a kind of thing. Anything not granted is refused. */
public record Permission(Resource resource, Verb verb) {
  /** Kinds of things. */
  public enum Resource {
    ORG,
    TEAM,
    PROJECT,
    PRINCIPAL,
    GRANT,
    KEY,
    LIMIT,
    BUDGET,
    BALANCE,
    PRICE,
    LEDGER,
    USAGE,
    REQUEST,
    EXPORT,
    AUDIT,
    MODEL,
    ROLLOUT,
    BACKEND,
    PRIVACY,
    CONFIG,
    CAPACITY,
    PLAYGROUND
  }

  /** What is done. */
  public enum Verb {
    READ,
    WRITE
  }

  public static Permission read(Resource resource) {
    return new Permission(resource, Verb.READ);
  }

  public static Permission write(Resource resource) {
    return new Permission(resource, Verb.WRITE);
  }
}
