package io.hadal.server;

import io.hadal.platform.metering.Gate;
import io.hadal.platform.tenancy.Identity;
import org.jspecify.annotations.Nullable;

/**
 * What a server asks of the platform for each request.
 *
 * @param keys tells whose key it is
 * @param gate lets turns begin and sees what they take
 */
public record PlatformAccess(Keys keys, Gate gate) {
  /** Knows the keys. */
  @FunctionalInterface
  public interface Keys {
    /**
     * Whose key it is.
     *
     * @param key null when the request shows none
     * @param address address of the peer
     * @throws io.hadal.platform.Refusal when nobody's, or not to be used from there
     */
    Identity identify(@Nullable String key, String address);
  }
}
