package io.hadal.platform.alert;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where alerts go.
 *
 * @param webhook takes them as JSON by POST; null for none
 * @param mail sends them by e-mail; null for none
 */
public record AlertOptions(@Nullable URI webhook, @Nullable MailOptions mail) {
  /** Nowhere. */
  public static final AlertOptions NONE = new AlertOptions(null, null);
}
