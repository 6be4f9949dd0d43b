package io.hadal.server.config;

import io.hadal.formats.FormatException;
import io.hadal.platform.DataFolder;
import io.hadal.platform.Outage;
import io.hadal.platform.SecretText;
import io.hadal.platform.alert.AlertOptions;
import io.hadal.platform.money.PriceBook.Unpriced;
import io.hadal.platform.node.PlatformOptions;
import io.hadal.platform.probe.QualityOptions;
import io.hadal.platform.reports.ExportFormat;
import io.hadal.platform.reports.ExportPlan;
import io.hadal.platform.secrets.SecretPlace;
import io.hadal.platform.signin.OidcConfig;
import io.hadal.platform.signin.OidcOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * The section {@code platform} of the configuration file.
 *
 * @param enabled whether there is a platform
 * @param data folder of what outlives the process; null for the usual one
 * @param folder relative references begin here
 * @param webhook takes alerts; null for none
 * @param mail sends alerts; null when nobody gets e-mail
 * @param oidc sign-in of people, as the file has it but for the two fields that follow; null for
 *     none
 * @param org organisation of people who sign in for the first time; null for the first one there is
 * @param oidcPasswordEnds whether the password ends when a person has signed in by OIDC
 * @param auditKey file of the key that signs the audit log; null for one in the data folder
 * @param engine how it computes for other nodes; null when it does not
 * @param quality how the quality of backends is looked at; a reload changes it
 * @param outage what goes on while the database does not answer
 * @param export where usage is exported to by itself; null for nowhere
 * @param metricProjects ids of projects with a label of their own in metrics
 * @param auditDays days that names and addresses stay in the audit log; 0 for ever
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
    @Nullable MailConfig mail,
    @Nullable ObjectNode oidc,
    @Nullable String org,
    boolean oidcPasswordEnds,
    @Nullable String pepper,
    @Nullable String masterKey,
    @Nullable Path auditKey,
    @Nullable EngineConfig engine,
    QualityOptions quality,
    Outage outage,
    @Nullable ExportPlan export,
    List<String> metricProjects,
    int auditDays) {
  private static final int MOST_PROJECTS = 100;
  private static final int MOST_DAYS = 36_500;

  private static final String SECRET = "client_secret";
  private static final String NODE = "[A-Za-z0-9_.-]{1,64}";
  private static final long MOST_MINUTES = 30L * 24 * 60;

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
    Section quality = section.section("quality");
    Section outage = section.section("outage");
    Section export = section.section("export");
    Section metrics = section.section("metrics");
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
            MailConfig.read(alerts, folder),
            oidc(oidc),
            oidc.text("org"),
            oidc.flag("password_ends", false),
            reference(section, "pepper"),
            reference(section, "master_key"),
            section.path("audit_key", folder),
            EngineConfig.read(section),
            quality(quality),
            new Outage(
                (int) outage.number("seconds", 10, 86_400, Outage.DEFAULT.seconds()),
                outage.choice("then", Afterwards.REFUSE) == Afterwards.SERVE),
            export(export, folder),
            metrics.texts("projects"),
            (int) section.number("audit_days", 0, MOST_DAYS, 0));
    for (Section one : List.of(section, database, alerts, quality, outage, export, metrics)) {
      one.requireKnown();
    }
    if (!config.node.matches(NODE)) {
      throw section.broken("node", "must be 1 to 64 letters, digits, _ . and -");
    }
    if (config.metricProjects.size() > MOST_PROJECTS) {
      throw metrics.broken("projects", "must be at most " + MOST_PROJECTS + " ids");
    }
    if (config.shared && config.url == null) {
      throw section.broken("shared", "needs platform.database.url, which several nodes can reach");
    }
    if (config.shared
        && (config.pepper == null || config.masterKey == null || config.auditKey == null)) {
      throw section.broken(
          "shared", "needs platform.pepper, master_key and audit_key, the same on all nodes");
    }
    if (config.engine != null && !config.shared) {
      throw section.broken("engine", "needs platform.shared: gateways find it in the database");
    }
    return config;
  }

  private static QualityOptions quality(Section section) {
    QualityOptions usual = QualityOptions.DEFAULT;
    long minutes = section.number("every_minutes", 0, MOST_MINUTES, 0);
    long percent = section.number("tolerance_percent", 0, 100, Math.round(100 * usual.tolerance()));
    return new QualityOptions(
        minutes == 0 ? null : Duration.ofMinutes(minutes),
        percent / 100.0,
        usual.distance(),
        section.flag("probe_new", usual.probeNew()));
  }

  /** The same without what a reload changes. */
  public PlatformConfig fixed() {
    return copy(node, engine, QualityOptions.DEFAULT);
  }

  /**
   * The same for a process that its command line names.
   *
   * @param name name of the node; null for that of the file
   * @param address where other nodes reach its engine; null for what the file says
   * @throws FormatException when that is no name or address, or nodes share nothing
   */
  public PlatformConfig with(@Nullable String name, @Nullable String address) {
    if (name != null && !name.matches(NODE)) {
      throw new FormatException("--node " + name, "must be 1 to 64 letters, digits, _ . and -");
    }
    if (address != null && !shared) {
      throw new FormatException("--engine " + address, "needs platform.shared in --config");
    }
    EngineConfig own = engine;
    return copy(
        name == null ? node : name, address == null ? own : EngineConfig.at(address, own), quality);
  }

  private PlatformConfig copy(String node, @Nullable EngineConfig engine, QualityOptions quality) {
    return new PlatformConfig(
        enabled,
        data,
        folder,
        url,
        user,
        passwordReference,
        node,
        shared,
        journalBytes,
        faultsFree,
        unpriced,
        webhook,
        mail,
        oidc,
        org,
        oidcPasswordEnds,
        pepper,
        masterKey,
        auditKey,
        engine,
        quality,
        outage,
        export,
        metricProjects,
        auditDays);
  }

  /** Secrets that it refers to. */
  public List<NamedSecret> secrets() {
    List<NamedSecret> all = new ArrayList<>();
    String client = oidc == null ? null : oidc.path(SECRET).asString(null);
    add(all, "database.password", passwordReference, false);
    add(all, "pepper", pepper, true);
    add(all, "master_key", masterKey, false);
    add(all, "oidc." + SECRET, client, false);
    add(all, "alerts.email.password", mail == null ? null : mail.password(), false);
    return all;
  }

  private void add(List<NamedSecret> all, String field, @Nullable String reference, boolean made) {
    if (reference != null) {
      all.add(new NamedSecret("platform." + field, reference, folder, made));
    }
  }

  /** What follows an outage that has lasted too long. */
  private enum Afterwards {
    REFUSE,
    SERVE
  }

  private static @Nullable ExportPlan export(Section export, Path folder) {
    if (export.names().isEmpty()) {
      return null;
    }
    Path to = export.path("folder", folder);
    if (to == null) {
      throw export.broken("folder", "is required");
    }
    return new ExportPlan(
        to,
        export.choice("format", ExportFormat.CSV),
        Duration.ofMinutes(export.number("minutes", 1, 10_080, 1440)));
  }

  /** The fields that {@link OidcConfig} reads, looked through without its secret. */
  private static @Nullable ObjectNode oidc(Section section) {
    if (section.names().isEmpty()) {
      return null;
    }
    reference(section, SECRET);
    ObjectNode json = section.copy();
    json.remove(List.of("org", "password_ends"));
    String org = section.text("org");
    ObjectNode open = json.deepCopy();
    open.remove(SECRET);
    try {
      OidcConfig.read(open, org, Map.of());
    } catch (FormatException e) {
      throw new FormatException(section.source(), "platform." + e.getMessage(), e);
    }
    return json;
  }

  static @Nullable String reference(Section section, String name) {
    SecretReference reference = section.reference(name);
    return reference == null ? null : reference.text();
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
      ObjectNode json = oidc.deepCopy();
      if (json.has(SECRET)) {
        json.put(SECRET, absolute(json.path(SECRET).asString()));
      }
      people = OidcConfig.read(json, org, System.getenv());
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
        alerts(),
        people,
        oidcPasswordEnds,
        absolute(pepper),
        absolute(masterKey),
        auditKey,
        outage,
        export,
        Set.copyOf(metricProjects),
        auditDays);
  }

  private AlertOptions alerts() {
    MailConfig sent = mail;
    if (sent == null) {
      return new AlertOptions(webhook, null);
    }
    String password = sent.password();
    return new AlertOptions(
        webhook, sent.options(password == null ? null : new SecretText(secret(password))));
  }

  private String secret(String reference) {
    return new SecretReference(reference).resolve(folder).reveal();
  }

  private @Nullable String absolute(@Nullable String reference) {
    return reference != null
            && SecretPlace.of(reference, folder) instanceof SecretPlace.Content content
        ? "file:" + content.file()
        : reference;
  }
}
