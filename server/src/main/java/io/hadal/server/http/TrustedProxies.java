package io.hadal.server.http;

import io.hadal.platform.keys.AddressRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Proxies and load balancers in front of the server, which are believed when they say who calls.
 *
 * @param ranges where they are; empty to believe nobody
 * @param protocol whether connections begin with a line of the PROXY protocol, version 1 or 2
 */
public record TrustedProxies(List<AddressRange> ranges, boolean protocol) {
  /** Who is connected calls. */
  public static final TrustedProxies NONE = new TrustedProxies(List.of(), false);

  public TrustedProxies {
    ranges = List.copyOf(ranges);
    if (protocol && ranges.isEmpty()) {
      throw new IllegalArgumentException(
          "listen.proxy_protocol needs listen.trusted_proxies: the addresses that may send it");
    }
  }

  /**
   * Address of who calls. Each proxy appends the address it was called from, so the last one that
   * is none of ours is the client's; what stands before may be anybody's invention.
   *
   * @param peer address of the other end of the connection
   * @param forwarded {@code X-Forwarded-For}, several joined by commas; null without
   * @return in digits, without port
   */
  String client(String peer, @Nullable String forwarded) {
    if (forwarded == null || ranges.isEmpty()) {
      return peer;
    }
    String client = peer;
    for (int end = forwarded.length(); end >= 0 && trusts(client); ) {
      int comma = forwarded.lastIndexOf(',', end - 1);
      String hop = AddressRange.literal(forwarded.substring(comma + 1, end).strip());
      if (hop == null) {
        return client;
      }
      client = hop;
      end = comma;
    }
    return client;
  }

  private boolean trusts(String address) {
    return ranges.stream().anyMatch(range -> range.contains(address));
  }
}
