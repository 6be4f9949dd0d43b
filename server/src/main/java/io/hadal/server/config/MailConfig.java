package io.hadal.server.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.alert.AlertRule;
import io.hadal.platform.alert.MailOptions;
import io.hadal.platform.alert.MailOptions.Tls;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code platform.alerts.email}.
 *
 * @param password a {@linkplain io.hadal.platform.secrets.Secrets reference}; null for none
 * @param authority file of certificates to trust; null for those of the JDK
 * @param rules recipients of kinds of alerts that have their own
 */
public record MailConfig(
    String host,
    int port,
    Tls tls,
    @Nullable Path authority,
    @Nullable String user,
    @Nullable String password,
    String from,
    List<String> to,
    Map<AlertRule, List<String>> rules) {
  /** Reads the section, and says what is wrong with hosts and addresses; null when it is absent. */
  static @Nullable MailConfig read(Section alerts, Path folder) {
    Section section = alerts.section("email");
    if (section.names().isEmpty()) {
      return null;
    }
    Tls tls = section.choice("tls", Tls.STARTTLS);
    Section rules = section.section("rules");
    Map<AlertRule, List<String>> own = new EnumMap<>(AlertRule.class);
    for (AlertRule rule : AlertRule.values()) {
      if (rules.names().contains(rule.text())) {
        own.put(rule, rules.texts(rule.text()));
      }
    }
    rules.requireKnown(
        List.of(AlertRule.values()).stream().map(AlertRule::text).toArray(String[]::new));
    MailConfig config =
        new MailConfig(
            section.required("host"),
            (int) section.number("port", 1, 65_535, tls.port()),
            tls,
            section.path("ca", folder),
            section.text("user"),
            PlatformConfig.reference(section, "password"),
            section.required("from"),
            section.texts("to"),
            own);
    section.requireKnown();
    try {
      config.options(config.password == null ? null : new SecretText(""));
    } catch (FormatException e) {
      throw new FormatException(section.source(), String.valueOf(e.getMessage()), e);
    }
    return config;
  }

  /**
   * The options.
   *
   * @param secret what the reference stands for; null for none
   * @throws FormatException naming what cannot be used
   */
  MailOptions options(@Nullable SecretText secret) {
    return new MailOptions(host, port, tls, authority, user, secret, from, to, rules);
  }
}
