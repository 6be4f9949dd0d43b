package io.hadal.platform.keys;

import io.hadal.formats.FormatException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Addresses that begin with the same bits: {@code 10.0.0.0/8}, {@code 2001:db8::/32}, or one. */
public final class AddressRange {
  private final byte[] network;
  private final int bits;

  private AddressRange(byte[] network, int bits) {
    this.network = network;
    this.bits = bits;
  }

  /**
   * Reads a range.
   *
   * @throws FormatException when it is none; names are not looked up
   */
  public static AddressRange parse(String text) {
    return parse("addresses", text);
  }

  /**
   * Reads a range.
   *
   * @param field what it belongs to, for the message
   * @throws FormatException when it is none; names are not looked up
   */
  public static AddressRange parse(String field, String text) {
    int slash = text.indexOf('/');
    byte[] address = address(slash < 0 ? text : text.substring(0, slash));
    if (address == null) {
      throw new FormatException(field, "'" + shown(text) + "' is no IPv4 or IPv6 range");
    }
    int most = address.length * 8;
    String length = slash < 0 ? Integer.toString(most) : text.substring(slash + 1);
    if (!length.matches("[0-9]{1,3}") || Integer.parseInt(length) > most) {
      throw new FormatException(
          field, "'" + shown(text) + "' must end in a length from 0 to " + most);
    }
    AddressRange range = new AddressRange(address, Integer.parseInt(length));
    if (!Arrays.equals(range.masked(address), address)) {
      throw new FormatException(
          field, "'" + shown(text) + "' has bits behind its length that are not 0");
    }
    return range;
  }

  private static String shown(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "…" : text;
  }

  /** Bytes of an address in digits; null for anything else. IPv4 inside IPv6 is IPv4. */
  static byte @Nullable [] address(String text) {
    String bare =
        text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
    int zone = bare.indexOf('%');
    String literal = zone < 0 ? bare : bare.substring(0, zone);
    boolean v4 = literal.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    if (!v4 && literal.indexOf(':') < 0) {
      return null;
    }
    try {
      return InetAddress.ofLiteral(literal).getAddress();
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /**
   * An address as proxies write it, with or without port or brackets, in the form of {@link
   * InetAddress#getHostAddress}; null for anything else.
   */
  public static @Nullable String literal(String text) {
    int colon = text.lastIndexOf(':');
    boolean port = colon > 0 && (text.indexOf(':') == colon || text.charAt(colon - 1) == ']');
    byte[] bytes = address(port ? text.substring(0, colon) : text);
    return bytes == null ? null : shown(bytes);
  }

  private static String shown(byte[] address) {
    try {
      return InetAddress.getByAddress(address).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("addresses have 4 or 16 bytes", e);
    }
  }

  /** True when an address in digits lies in here. */
  public boolean contains(String address) {
    byte[] bytes = address(address);
    return bytes != null && bytes.length == network.length && Arrays.equals(masked(bytes), network);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof AddressRange range
        && bits == range.bits
        && Arrays.equals(network, range.network);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(network) + bits;
  }

  @Override
  public String toString() {
    return shown(network) + "/" + bits;
  }

  private byte[] masked(byte[] address) {
    byte[] masked = address.clone();
    for (int i = 0; i < masked.length; i++) {
      int kept = Math.clamp(bits - 8L * i, 0, 8);
      masked[i] &= (byte) (0xff << (8 - kept));
    }
    return masked;
  }
}
