package io.hadal.server.config;

import io.hadal.platform.SecretText;
import io.hadal.platform.mail.MailOptions;
import io.hadal.platform.mail.MailOptions.Security;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code platform.alerts.email} of the configuration file.
 *
 * @param passwordReference where the password is; null for none
 */
public record MailPlan(
    String host,
    int port,
    Security security,
    @Nullable String user,
    @Nullable String passwordReference,
    String from,
    List<String> to) {

  /** Reads the section; null when it is absent. */
  static @Nullable MailPlan read(Section section) {
    if (section.names().isEmpty()) {
      return null;
    }
    Security security = section.choice("security", Security.STARTTLS);
    int usual =
        switch (security) {
          case NONE -> 25;
          case STARTTLS -> 587;
          case TLS -> 465;
        };
    MailPlan plan =
        new MailPlan(
            section.required("host"),
            (int) section.number("port", 1, 65_535, usual),
            security,
            section.text("user"),
            PlatformConfig.reference(section, "password"),
            section.required("from"),
            section.texts("to"));
    section.requireKnown();
    if ((plan.user == null) != (plan.passwordReference == null)) {
      throw section.broken("user", "and password need each other");
    }
    // Says now what is wrong with the addresses.
    plan.options(reference -> "");
    return plan;
  }

  /**
   * The options.
   *
   * @param secrets knows what references stand for
   */
  MailOptions options(Function<String, String> secrets) {
    return new MailOptions(
        host,
        port,
        security,
        user,
        passwordReference == null ? null : new SecretText(secrets.apply(passwordReference)),
        from,
        to);
  }
}
