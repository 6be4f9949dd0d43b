package io.hadal.server;

import io.hadal.formats.FormatException;
import io.hadal.model.packed.PackedChoice;
import io.hadal.platform.SecretText;
import io.hadal.platform.keys.AddressRange;
import io.hadal.server.config.MailConfig;
import io.hadal.server.config.NamedSecret;
import io.hadal.server.config.Overrides;
import io.hadal.server.config.PlatformConfig;
import io.hadal.server.config.SecretReference;
import io.hadal.server.config.Section;
import io.hadal.server.config.SharedHash;
import io.hadal.server.config.YamlFile;
import io.hadal.server.http.CrossOrigin;
import io.hadal.server.http.HttpServerKind;
import io.hadal.server.http.TrustedProxies;
import io.hadal.server.routing.config.RoutingConfig;
import io.hadal.server.routing.config.UpstreamConfig;
import io.hadal.server.telemetry.TelemetryConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The configuration file of {@code hadal serve}. Every field has a default; a name that is not
 * known is an error, so that a slip of the pen does not go unnoticed.
 *
 * @param host address to listen at
 * @param certificate PEM chain for TLS; null for plain HTTP
 * @param http what speaks HTTP
 * @param proxies who is believed to say who calls
 * @param keys file of API keys; null for none
 * @param metricsToken where the token is that opens the figures and nothing else; null for none
 * @param anonymous true to serve without keys beyond this machine
 * @param origins origins of pages that may use the API from a browser
 * @param local false to serve no model of its own, only those of upstreams
 * @param model checkpoint; null for the embedded one
 * @param name name that requests give; null to take it from the file
 * @param aliases other names for the model
 * @param dialect prompt format; null for that of the model's family
 * @param thinking whether the model reasons by itself; null for that of its family
 * @param context longest conversation in tokens; null for 16384, or less if the model has less
 * @param threads workers of the engine; null for all processors
 * @param stepTokens most tokens that one pass over the weights takes; null for the engine's default
 * @param packed where mode fast takes packed weights from
 * @param speculation whether tokens are guessed ahead where that pays
 * @param tokenMillis longest time between two tokens of an answer while long prompts come in
 * @param running most sequences that are generated together
 * @param waiting most requests in the queue
 * @param waitingPerKey most of one key
 * @param prefixMemory bytes for retained prefixes; -1 for the engine's default
 * @param prefixInterval tokens between two retained states of a long prompt
 * @param prefixFolder folder of prefixes that survive a restart; null for none
 * @param prefixDisk most bytes of that folder
 * @param accessLog whether requests are logged to standard error
 * @param routing other providers and replicas, and which models they answer for
 * @param platform keys, budgets, ledger and audit log
 * @param telemetry where traces go
 * @param sharedHash tells whether another node has the same, but for what each has for itself
 * @param overrides what did not come from the file; it holds for the next reading, too
 */
public record ServeConfig(
    String host,
    int port,
    int maxConnections,
    @Nullable Path certificate,
    @Nullable Path privateKey,
    HttpServerKind http,
    TrustedProxies proxies,
    @Nullable Path keys,
    @Nullable SecretReference metricsToken,
    boolean anonymous,
    List<String> origins,
    boolean local,
    @Nullable Path model,
    @Nullable String name,
    List<String> aliases,
    @Nullable String dialect,
    @Nullable Boolean thinking,
    @Nullable Integer context,
    @Nullable Integer threads,
    @Nullable Integer stepTokens,
    PackedChoice packed,
    boolean speculation,
    ServerLimits limits,
    int tokenMillis,
    int running,
    int waiting,
    int waitingPerKey,
    long prefixMemory,
    int prefixInterval,
    @Nullable Path prefixFolder,
    long prefixDisk,
    boolean accessLog,
    RoutingConfig routing,
    PlatformConfig platform,
    TelemetryConfig telemetry,
    String sharedHash,
    Overrides overrides) {

  private static final String SCHEMA = "serve-config.schema.json";

  /** What holds without a file. */
  public static ServeConfig defaults() {
    return without(Overrides.NONE);
  }

  /** What holds without a file, but for some settings. */
  public static ServeConfig without(Overrides overrides) {
    return read(new YAMLMapper().createObjectNode(), "defaults", Path.of(""), overrides);
  }

  /**
   * Reads a file.
   *
   * @throws FormatException when it is no YAML, or holds a field that is unknown or of the wrong
   *     kind
   */
  public static ServeConfig read(Path file) {
    return read(file, Overrides.NONE);
  }

  /**
   * Reads a file in which some settings are replaced.
   *
   * @throws FormatException when it is no YAML, or holds a field that is unknown or of the wrong
   *     kind
   */
  public static ServeConfig read(Path file, Overrides overrides) {
    JsonNode json = YamlFile.read(file);
    Path folder = file.toAbsolutePath().getParent();
    if (json.isMissingNode() || json.isNull()) {
      json = new YAMLMapper().createObjectNode();
    }
    return read(json, file.toString(), folder == null ? Path.of("") : folder, overrides);
  }

  private static ServeConfig read(JsonNode json, String file, Path folder, Overrides overrides) {
    String source =
        overrides.origins().isEmpty()
            ? file
            : file + " with " + String.join(", ", overrides.origins());
    if (json instanceof ObjectNode fields) {
      overrides.applyTo(fields, source);
    }
    return read(new Section(json, "", source), folder, overrides);
  }

  /**
   * The token that opens the figures and nothing else; null for none.
   *
   * @throws FormatException when its reference leads nowhere
   */
  public @Nullable SecretText metricsSecret() {
    return metricsToken == null ? null : metricsToken.resolve(routing.folder());
  }

  /** Secrets that the file refers to. */
  public List<NamedSecret> secrets() {
    List<NamedSecret> all = new ArrayList<>(platform.secrets());
    Path folder = routing.folder();
    if (metricsToken != null) {
      all.add(new NamedSecret("access.metrics_token", metricsToken.text(), folder, false));
    }
    for (UpstreamConfig upstream : routing.upstreams()) {
      for (SecretReference key : upstream.keys()) {
        all.add(
            new NamedSecret("upstreams " + upstream.name() + ": keys", key.text(), folder, false));
      }
    }
    telemetry
        .headers()
        .forEach(
            (name, value) ->
                all.add(
                    new NamedSecret(
                        "telemetry.headers." + name, value.text(), telemetry.folder(), false)));
    return all;
  }

  /** JSON Schema of the file. */
  public static String schema() {
    try (var in = ServeConfig.class.getResourceAsStream(SCHEMA)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new FormatException(SCHEMA, "is missing from this build", e);
    }
  }

  /** Fields that hold while the server runs, by name. */
  private Map<String, @Nullable Object> fixed() {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("listen.host", host);
    fields.put("listen.port", port);
    fields.put("listen.max_connections", maxConnections);
    fields.put("listen.tls.certificate", certificate);
    fields.put("listen.tls.private_key", privateKey);
    fields.put("listen.http", http);
    fields.put("listen.trusted_proxies", proxies.ranges());
    fields.put("listen.proxy_protocol", proxies.protocol());
    fields.put("model.local", local);
    fields.put("model.path", model);
    fields.put("model.name", name);
    fields.put("model.aliases", aliases);
    fields.put("model.dialect", dialect);
    fields.put("model.thinking", thinking);
    fields.put("model.context", context);
    fields.put("model.threads", threads);
    fields.put("model.packed", packed);
    fields.put("limits.body_bytes", limits.bodyBytes());
    fields.put("cache.memory_bytes", prefixMemory);
    fields.put("cache.interval_tokens", prefixInterval);
    fields.put("cache.folder", prefixFolder);
    fields.put("cache.disk_bytes", prefixDisk);
    fields.put("platform", platform.fixed());
    fields.put("telemetry", telemetry);
    return fields;
  }

  /** What is in effect, by the names of the file, for administrators; references, no secrets. */
  public JsonNode effective() {
    ObjectNode json = new YAMLMapper().createObjectNode();
    Map<String, @Nullable Object> fields = fixed();
    fields.remove("platform");
    fields.put("telemetry", telemetry.endpoint());
    fields.put("platform.enabled", platform.enabled());
    fields.put("platform.data", platform.data());
    fields.put("platform.database", platform.url() == null ? "sqlite" : "postgresql");
    fields.put("platform.node", platform.node());
    fields.put("platform.shared", platform.shared());
    fields.put("platform.journal_bytes", platform.journalBytes());
    fields.put("platform.faults_free", platform.faultsFree());
    fields.put("platform.unpriced", platform.unpriced());
    fields.put("platform.quality.every", platform.quality().every());
    URI webhook = platform.webhook();
    // Its path often is a secret.
    fields.put("platform.alerts.webhook", webhook == null ? null : webhook.getHost());
    MailConfig mail = platform.mail();
    fields.put("platform.alerts.email", mail == null ? null : mail.host() + ":" + mail.port());
    fields.put("limits.running", running);
    fields.put("limits.waiting", waiting);
    fields.put("limits.waiting_per_key", waitingPerKey);
    fields.put("limits.token_millis", tokenMillis);
    fields.put("limits.drain_seconds", limits.drain().toSeconds());
    fields.put("limits.keep_alive_seconds", limits.keepAlive().toSeconds());
    fields.put("limits.slow_reader_seconds", limits.slowReader().toSeconds());
    fields.put("access.keys", keys);
    fields.put("access.metrics_token", metricsToken == null ? null : metricsToken.text());
    fields.put("access.anonymous", anonymous);
    fields.put("access.origins", origins);
    fields.put("log.access", accessLog);
    fields.put("upstreams", routing.upstreams().stream().map(u -> u.name()).sorted().toList());
    fields.put("routes", routing.routes().stream().map(r -> r.model()).sorted().toList());
    fields.forEach((name, value) -> json.put(name, value == null ? null : value.toString()));
    return json;
  }

  /**
   * Names of fields that differ and have no effect before a restart.
   *
   * @param other what the server would be started with now
   */
  List<String> restartFields(ServeConfig other) {
    Map<String, @Nullable Object> theirs = other.fixed();
    return fixed().entrySet().stream()
        .filter(e -> !Objects.equals(e.getValue(), theirs.get(e.getKey())))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static ServeConfig read(Section top, Path folder, Overrides overrides) {
    Section listen = top.section("listen");
    Section tls = listen.section("tls");
    Section access = top.section("access");
    Section model = top.section("model");
    Section limits = top.section("limits");
    Section cache = top.section("cache");
    Section repeats = top.section("idempotency");
    IdempotencyLimits kept = IdempotencyLimits.DEFAULT;
    ServerLimits standard = ServerLimits.DEFAULT;
    ServeConfig config =
        new ServeConfig(
            listen.text("host", "127.0.0.1"),
            (int) listen.number("port", 0, 65535, 8080),
            (int) listen.number("max_connections", 1, 1_000_000, 4096),
            tls.path("certificate", folder),
            tls.path("private_key", folder),
            listen.choice("http", HttpServerKind.HELIDON),
            proxies(listen),
            access.path("keys", folder),
            access.reference("metrics_token"),
            access.flag("anonymous", false),
            access.texts("origins"),
            model.flag("local", true),
            model.path("path", folder),
            model.text("name"),
            model.texts("aliases"),
            model.text("dialect"),
            model.flag("thinking"),
            model.optional("context", 16, 1 << 28),
            model.optional("threads", 1, 1024),
            model.optional("step_tokens", 16, 1 << 16),
            PackedChoice.parse(model.text("packed", "auto"), folder),
            model.flag("speculation", true),
            new ServerLimits(
                limits.number("body_bytes", 1024, 1L << 30, standard.bodyBytes()),
                limits.optional("request_seconds", 1, 1 << 28) == null
                    ? null
                    : Duration.ofSeconds(limits.number("request_seconds", 1, 1 << 28, 0)),
                Duration.ofSeconds(limits.number("keep_alive_seconds", 1, 3600, 10)),
                Duration.ofSeconds(limits.number("slow_reader_seconds", 1, 86_400, 60)),
                Duration.ofSeconds(limits.number("drain_seconds", 0, 86_400, 120)),
                new IdempotencyLimits(
                    Duration.ofSeconds(
                        repeats.number("seconds", 1, 30 * 86_400, kept.retention().toSeconds())),
                    (int) repeats.number("keys", 1, 1_000_000, kept.keys()),
                    repeats.number("memory_bytes", 0, 1L << 40, kept.memoryBytes()))),
            (int) limits.number("token_millis", 1, 60_000, 100),
            (int) limits.number("running", 1, 4096, 32),
            (int) limits.number("waiting", 0, 1_000_000, 1024),
            (int) limits.number("waiting_per_key", 0, 1_000_000, 256),
            cache.number("memory_bytes", 0, Long.MAX_VALUE, -1),
            (int) cache.number("interval_tokens", 1, 1 << 28, 512),
            cache.path("folder", folder),
            cache.number("disk_bytes", 0, Long.MAX_VALUE, 0),
            top.section("log").flag("access", true),
            RoutingConfig.read(top, folder),
            PlatformConfig.read(top, folder),
            TelemetryConfig.read(top, folder),
            SharedHash.of(top.copy()),
            overrides);
    for (Section section : List.of(top, listen, tls, access, model, limits, cache, repeats)) {
      section.requireKnown();
    }
    top.section("log").requireKnown("access");
    if (!config.origins.stream().allMatch(CrossOrigin::isOrigin)) {
      throw access.broken("origins", "must be origins such as https://app.example, or *");
    }
    if (config.http == HttpServerKind.JDK && config.certificate != null) {
      throw new FormatException(top.source(), "listen.tls needs listen.http: helidon");
    }
    if (config.http == HttpServerKind.JDK && config.proxies.protocol()) {
      throw new FormatException(top.source(), "listen.proxy_protocol needs listen.http: helidon");
    }
    if ((config.certificate == null) != (config.privateKey == null)) {
      throw new FormatException(top.source(), "listen.tls needs both certificate and private_key");
    }
    if ((config.prefixFolder == null) != (config.prefixDisk == 0)) {
      throw new FormatException(top.source(), "cache.folder and cache.disk_bytes need each other");
    }
    return config;
  }

  private static TrustedProxies proxies(Section listen) {
    try {
      List<AddressRange> ranges =
          listen.texts("trusted_proxies").stream()
              .map(range -> AddressRange.parse("listen.trusted_proxies", range))
              .toList();
      return new TrustedProxies(ranges, listen.flag("proxy_protocol", false));
    } catch (FormatException | IllegalArgumentException e) {
      throw new FormatException(listen.source(), e.getMessage() + "", e);
    }
  }
}
