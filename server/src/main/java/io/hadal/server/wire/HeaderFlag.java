package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.server.http.Exchange;
import java.util.Locale;

/** Headers that are true or false. */
public enum HeaderFlag {
  /** Nothing of the request may stay. */
  ZDR("x-hadal-zdr"),
  /** Unknown fields of the body are errors. */
  STRICT_PARAMS("x-hadal-strict-params"),
  /** The answer says where the prompt parts from the one before it. */
  EXPLAIN_CACHE("x-hadal-explain-cache");

  private final String header;

  HeaderFlag(String header) {
    this.header = header;
  }

  /**
   * Whether a request sets it; several headers of the name set it when one of them does.
   *
   * @throws Problem when it says neither true nor false: what a client wanted to be sure of must
   *     not be left undone in silence
   */
  public boolean of(Exchange exchange) {
    String text = exchange.header(header);
    if (text == null) {
      return false;
    }
    boolean set = false;
    for (String part : text.split(",", -1)) {
      switch (part.strip().toLowerCase(Locale.ROOT)) {
        case "true" -> set = true;
        case "false" -> {}
        default -> throw Problem.invalid(header, "must be true or false");
      }
    }
    return set;
  }
}
