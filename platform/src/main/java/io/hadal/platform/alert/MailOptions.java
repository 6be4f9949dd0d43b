package io.hadal.platform.alert;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How e-mail is sent, and to whom.
 *
 * @param host SMTP server
 * @param port its port
 * @param tls how the connection is kept secret
 * @param authority certificates in PEM that are trusted; null for those of the JDK
 * @param user name to sign in with; null for none
 * @param password its password; null for none
 * @param from sender
 * @param to who gets alerts, where a kind has no recipients of its own
 * @param rules recipients by kind; an empty list for nobody
 */
public record MailOptions(
    String host,
    int port,
    Tls tls,
    @Nullable Path authority,
    @Nullable String user,
    @Nullable SecretText password,
    String from,
    List<String> to,
    Map<AlertRule, List<String>> rules) {
  private static final String SECTION = "platform.alerts.email.";
  private static final int MOST_RECIPIENTS = 50;
  private static final Set<String> HERE = Set.of("localhost", "127.0.0.1", "::1");

  /** How a connection is kept secret. */
  public enum Tls {
    /** The server must go over to TLS. */
    STARTTLS(587),
    /** TLS from the beginning. */
    IMPLICIT(465),
    /** Not at all: for a relay on this machine or in a network of one's own. */
    NONE(25);

    private final int port;

    Tls(int port) {
      this.port = port;
    }

    /** The port that is usual for it. */
    public int port() {
      return port;
    }
  }

  /**
   * Checks all of it.
   *
   * @throws FormatException naming the field that cannot be used
   */
  public MailOptions {
    to = List.copyOf(to);
    Map<AlertRule, List<String>> own = new EnumMap<>(AlertRule.class);
    rules.forEach((rule, list) -> own.put(rule, List.copyOf(list)));
    rules = Map.copyOf(own);
    if (!host.matches("[A-Za-z0-9.:_-]{1,253}")) {
      throw new FormatException(SECTION + "host", "must be a name or address of a server");
    }
    if ((user == null) != (password == null)) {
      throw new FormatException(SECTION + "user", "and password need each other");
    }
    if (user != null && control(user)) {
      throw new FormatException(SECTION + "user", "must be without control characters");
    }
    if (user != null && tls == Tls.NONE && !HERE.contains(host)) {
      throw new FormatException(
          SECTION + "tls",
          "must be starttls or implicit, or the password could be read on its way");
    }
    address(from, "from");
    if (to.isEmpty()) {
      throw new FormatException(SECTION + "to", "must name a recipient");
    }
    recipients(to, "to");
    rules.forEach((rule, list) -> recipients(list, "rules." + rule.text()));
  }

  private static void recipients(List<String> list, String field) {
    if (list.size() > MOST_RECIPIENTS) {
      throw new FormatException(
          SECTION + field, "must be at most " + MOST_RECIPIENTS + " addresses");
    }
    list.forEach(one -> address(one, field));
  }

  /** Characters beyond ASCII need an extension that not every server has. */
  private static void address(String text, String field) {
    try {
      if (control(text) || !text.chars().allMatch(c -> c < 0x7f)) {
        throw new AddressException();
      }
      new InternetAddress(text, true).validate();
      if (!text.matches("[^@]*@[^@]+")) {
        throw new AddressException();
      }
    } catch (AddressException e) {
      throw new FormatException(
          SECTION + field, "'" + Alert.line(text) + "' is no address such as ops@example.com", e);
    }
  }

  private static boolean control(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  /** Who gets alerts of a kind. */
  public List<String> recipients(AlertRule rule) {
    return rules.getOrDefault(rule, to);
  }

  @Override
  public String toString() {
    return "MailOptions[" + host + ":" + port + "]";
  }
}
