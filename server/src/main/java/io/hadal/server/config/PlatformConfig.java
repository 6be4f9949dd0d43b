package io.hadal.server.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.DataFolder;
import io.hadal.platform.SecretText;
import io.hadal.platform.money.PriceBook.Unpriced;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.signin.OidcOptions;
import io.hadal.platform.signin.OidcOptions.GroupGrant;
import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Role;
import io.hadal.server.routing.config.SecretReference;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The section {@code platform} of the configuration file.
 *
 * @param enabled whether there is a platform
 * @param data folder of what outlives the process; null for the usual one
 * @param folder relative references begin here
 * @param oidcPasswordEnds whether the password ends when a person has signed in by OIDC
 */
public record PlatformConfig(
    boolean enabled,
    @Nullable Path data,
    Path folder,
    @Nullable String url,
    @Nullable String user,
    @Nullable String passwordReference,
    String node,
    boolean shared,
    long journalBytes,
    boolean faultsFree,
    Unpriced unpriced,
    @Nullable URI webhook,
    @Nullable Oidc oidc,
    boolean oidcPasswordEnds,
    @Nullable String pepper,
    @Nullable String masterKey) {
  private static final int MOST_GROUPS = 1000;

  /** Sign-in of people. */
  public record Oidc(
      URI issuer,
      String clientId,
      @Nullable String secretReference,
      URI redirect,
      List<String> scopes,
      String groupClaim,
      List<GroupGrant> groups,
      String org) {}

  /**
   * Reads the section.
   *
   * @throws FormatException when a field is unknown or of the wrong kind
   */
  public static PlatformConfig read(Section top, Path folder) {
    Section section = top.section("platform");
    Section database = section.section("database");
    Section alerts = section.section("alerts");
    Section oidc = section.section("oidc");
    PlatformConfig config =
        new PlatformConfig(
            section.flag("enabled", false),
            section.path("data", folder),
            section.names().isEmpty() ? Path.of("") : folder,
            database.text("url"),
            database.text("user"),
            reference(database, "password"),
            section.text("node", "node-1"),
            section.flag("shared", false),
            section.number("journal_bytes", 1 << 20, 1L << 40, 1L << 30),
            section.flag("faults_free", true),
            section.choice("unpriced", Unpriced.FREE),
            uri(alerts, "webhook"),
            oidc(oidc),
            oidc.flag("password_ends", false),
            reference(section, "pepper"),
            reference(section, "master_key"));
    for (Section one : List.of(section, database, alerts, oidc)) {
      one.requireKnown();
    }
    if (!config.node.matches("[A-Za-z0-9_.-]{1,64}")) {
      throw section.broken("node", "must be 1 to 64 letters, digits, _ . and -");
    }
    if (config.shared && config.url == null) {
      throw section.broken("shared", "needs platform.database.url, which several nodes can reach");
    }
    return config;
  }

  private static @Nullable Oidc oidc(Section section) {
    if (section.names().isEmpty()) {
      return null;
    }
    URI issuer = uri(section, "issuer");
    URI redirect = uri(section, "redirect");
    if (issuer == null || redirect == null) {
      throw section.broken(issuer == null ? "issuer" : "redirect", "is required");
    }
    List<GroupGrant> groups =
        section.sections("groups", MOST_GROUPS).stream()
            .map(
                group -> {
                  GroupGrant grant =
                      new GroupGrant(
                          group.required("group"),
                          new Actor.Grant(
                              role(group),
                              group.text("scope_type", "org"),
                              group.required("scope_id")));
                  group.requireKnown();
                  return grant;
                })
            .toList();
    return new Oidc(
        issuer,
        section.required("client_id"),
        reference(section, "client_secret"),
        redirect,
        section.texts("scopes"),
        section.text("group_claim", "groups"),
        groups,
        section.required("org"));
  }

  private static Role role(Section group) {
    String name = group.required("role");
    for (Role role : Role.values()) {
      if (role.name().toLowerCase(Locale.ROOT).equals(name)) {
        return role;
      }
    }
    throw group.broken("role", "must be owner, admin, billing, developer, auditor or viewer");
  }

  private static @Nullable String reference(Section section, String name) {
    String text = section.text(name);
    if (text != null && !text.matches("env:[A-Za-z_][A-Za-z0-9_]{0,127}|file:.+")) {
      throw section.broken(name, "must be env:NAME or file:PATH; a secret does not belong here");
    }
    return text;
  }

  private static @Nullable URI uri(Section section, String name) {
    String text = section.text(name);
    if (text == null) {
      return null;
    }
    try {
      URI uri = new URI(text);
      if (uri.getHost() == null || !String.valueOf(uri.getScheme()).matches("https?")) {
        throw section.broken(name, "must be an address with http or https");
      }
      return uri;
    } catch (URISyntaxException e) {
      throw section.broken(name, "is no address");
    }
  }

  /**
   * The options, with what references stand for.
   *
   * @param usual the folder to use when the file names none
   * @throws FormatException when a reference leads nowhere
   */
  public PlatformOptions options(DataFolder usual) {
    OidcOptions people = null;
    if (oidc != null) {
      people =
          new OidcOptions(
              oidc.issuer,
              oidc.clientId,
              oidc.secretReference == null ? null : new SecretText(secret(oidc.secretReference)),
              oidc.redirect,
              oidc.scopes,
              oidc.groupClaim,
              oidc.groups,
              oidc.org);
    }
    return new PlatformOptions(
        data == null ? usual : new DataFolder(data),
        url,
        user,
        passwordReference == null ? null : secret(passwordReference),
        node,
        shared,
        journalBytes,
        faultsFree,
        unpriced,
        webhook,
        people,
        oidcPasswordEnds,
        absolute(pepper),
        absolute(masterKey));
  }

  private String secret(String reference) {
    return new SecretReference(reference).resolve(folder).reveal();
  }

  private @Nullable String absolute(@Nullable String reference) {
    return reference != null && reference.startsWith("file:")
        ? "file:" + folder.resolve(reference.substring(5))
        : reference;
  }
}
