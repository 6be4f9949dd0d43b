package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.formats.FormatException;
import io.hadal.model.packed.PackedChoice;
import io.hadal.platform.DataFolder;
import io.hadal.platform.alert.AlertRule;
import io.hadal.server.config.MailConfig;
import io.hadal.server.config.Overrides;
import io.hadal.server.config.PlatformConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ServeConfigTest {
  @TempDir private Path folder = Path.of("");

  private ServeConfig read(String yaml) throws IOException {
    return ServeConfig.read(Files.writeString(folder.resolve("serve.yaml"), yaml));
  }

  @Test
  void defaultsAndAnEmptyFileAreTheSame() throws IOException {
    assertThat(read("")).isEqualTo(ServeConfig.defaults());
    assertThat(ServeConfig.defaults().port()).isEqualTo(8080);
    assertThat(ServeConfig.defaults().host()).isEqualTo("127.0.0.1");
  }

  @Test
  void theEnvironmentWinsOverTheFileAndFlagsOverBoth() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("serve.yaml"), "listen: {port: 1, host: h}\nlimits: {running: 3}\n");
    Map<String, String> environment =
        Map.of(
            "HADAL__LISTEN__PORT", "2",
            "HADAL__LIMITS__RUNNING", "5",
            "HADAL__MODEL__ALIASES", "[a, b]",
            "HADAL__LIMITS__DRAIN_SECONDS", "7",
            "HADAL_API_KEY", "other");
    Overrides overrides =
        Overrides.of(environment, Map.of("listen.port", 4, "platform.enabled", true));
    for (ServeConfig config :
        List.of(
            ServeConfig.read(file, overrides),
            ServeConfig.read(file, ServeConfig.read(file, overrides).overrides()))) {
      assertThat(config.host()).isEqualTo("h");
      assertThat(config.port()).isEqualTo(4);
      assertThat(config.running()).isEqualTo(5);
      assertThat(config.aliases()).containsExactly("a", "b");
      assertThat(config.limits().drain()).isEqualTo(Duration.ofSeconds(7));
      assertThat(config.effective().get("platform.enabled").asString()).isEqualTo("true");
      assertThat(config.effective().get("listen.port").asString()).isEqualTo("4");
    }
    assertThat(ServeConfig.without(overrides).running()).isEqualTo(5);
    assertThatThrownBy(
            () ->
                ServeConfig.read(file, Overrides.of(Map.of("HADAL__LISTEN__PROT", "1"), Map.of())))
        .hasMessageContaining("HADAL__LISTEN__PROT")
        .hasMessageContaining("listen.prot is unknown");
    assertThatThrownBy(() -> Overrides.of(Map.of("HADAL__LISTEN__PORT", "{secret"), Map.of()))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("HADAL__LISTEN__PORT")
        .hasMessageNotContaining("secret");
    for (String name :
        List.of("HADAL__", "HADAL__LISTEN__", "HADAL__A-B", "HADAL__LISTEN___PORT")) {
      assertThatThrownBy(() -> Overrides.of(Map.of(name, "1"), Map.of()))
          .as(name)
          .isInstanceOf(FormatException.class);
    }
    assertThatThrownBy(
            () ->
                ServeConfig.read(
                    file, Overrides.of(Map.of("HADAL__LISTEN__PORT__X", "1"), Map.of())))
        .hasMessageContaining("listen.port.x is not in an object");
  }

  @Test
  void pathsAreRelativeToTheFile() throws IOException {
    ServeConfig config =
        read(
            "access: {keys: k.txt}\n"
                + "limits: {drain_seconds: 3}\n"
                + "model: {name: m, aliases: [a, b], packed: m.pack}\n");
    assertThat(config.packed().file()).isEqualTo(folder.toAbsolutePath().resolve("m.pack"));
    assertThat(read("model: {packed: memory}").packed()).isEqualTo(PackedChoice.MEMORY);
    assertThat(config.keys()).isEqualTo(folder.toAbsolutePath().resolve("k.txt"));
    assertThat(config.limits().drain()).isEqualTo(Duration.ofSeconds(3));
    assertThat(config.aliases()).containsExactly("a", "b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "listen: {prot: 1}",
        "other: 1",
        "listen: 5",
        "listen: {port: 70000}",
        "listen: {port: x}",
        "model: {aliases: a}",
        "listen: {tls: {certificate: a.pem}}",
        "log: {acess: true}",
        "- 1",
        "a: [",
        "model: {thinking: 3}",
        "idempotency: {keys: 0}",
        "listen: {http: nginx}",
        "listen: {trusted_proxies: [proxy.internal]}",
        "listen: {trusted_proxies: [10.0.0.1/8]}",
        "listen: {proxy_protocol: true}",
        "listen: {proxy_protocol: true, trusted_proxies: [10.0.0.0/8], http: jdk}",
        "listen: {http: jdk, tls: {certificate: a.pem, private_key: b.pem}}",
        "upstreams: [{name: a}]",
        "upstreams: [{name: a, url: 'ftp://x'}]",
        "upstreams: [{name: a, url: 'http://u:p@x'}]",
        "upstreams: [{name: local, url: 'http://x'}]",
        "upstreams: [{name: a, url: 'http://x'}, {name: a, url: 'http://y'}]",
        "upstreams: [{name: a, url: 'http://x', keys: [sk-live-123]}]",
        "upstreams: [{name: a, url: 'http://x', format: gemini}]",
        "upstreams: [{name: a, url: 'http://x', features: [magic]}]",
        "upstreams: [{name: a, url: 'http://x', headers: {authorization: b}}]",
        "upstreams: [{name: a, url: 'http://x', prices: {inptu: 1}}]",
        "upstreams: [{name: a, url: 'http://x', prices: {input: 0.00000000001}}]",
        "routes: [{model: m, upstreams: [a]}]",
        "platform: {enabeld: true}",
        "platform: {audit_days: -1}",
        "access: {origins: ['https://x/path']}",
        "platform: {shared: true}",
        "platform: {pepper: secret}",
        "platform: {database: {password: secret}}",
        "platform: {oidc: {issuer: 'https://x'}}",
        "platform: {oidc: {issuer: 'https://x', org: o, client_id: c, redirect: 'https://y', mroe:"
            + " 1}}",
        "platform: {oidc: {issuer: 'https://x', org: o, client_id: c, redirect: 'https://y',"
            + " client_secret: hunter2}}",
        "platform: {alerts: {webhook: 'ftp://x'}}",
        "platform: {alerts: {email: {host: h, from: a@example.com}}}",
        "platform: {alerts: {email: {host: h, from: a@example.com, to: [b]}}}",
        "platform: {alerts: {email: {host: h, from: a@example.com, to: [\"b@example.com\\n"
            + "Bcc: c@d\"]}}}",
        "platform: {alerts: {email: {host: h, from: a@example.com, to: [b@example.com], tls:"
            + " ssl}}}",
        "platform: {alerts: {email: {host: h, from: a@example.com, to: [b@example.com], user: u}}}",
        "platform: {alerts: {email: {host: h, from: a@example.com, to: [b@example.com], user: u,"
            + " password: hunter2}}}",
        "platform: {alerts: {email: {host: h, from: a@example.com, to: [b@example.com], user: u,"
            + " password: 'env:P', tls: none}}}",
        "platform: {alerts: {email: {host: h, from: a@example.com, to: [b@example.com], rules:"
            + " {budgets: []}}}}",
        "{upstreams: [{name: a, url: 'http://x'}], routes: [{model: m, upstreams: [a], fallback:"
            + " m}]}"
      })
  void slipsAreErrorsThatNameTheFile(String yaml) {
    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("serve.yaml");
  }

  @Test
  void filesThatNobodyWroteAreErrors() throws IOException {
    assertThatThrownBy(() -> read("#".repeat(2 << 20)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("serve.yaml")
        .hasMessageContaining("longer");
    assertThatThrownBy(() -> read("a: " + "[".repeat(100_000)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("is no YAML");
    assertThatThrownBy(() -> read("listen: {port: 1}\nlimits: {running: 2}\nlisten: {port: 2}\n"))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("listen")
        .hasMessageContaining("line 3");
    Path file = Files.write(folder.resolve("serve.yaml"), new byte[] {'a', ':', (byte) 0xff});
    assertThatThrownBy(() -> ServeConfig.read(file))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("is no UTF-8 text");
  }

  @Test
  void alertsGoByMailToWhomTheFileSays() throws IOException {
    String yaml =
        """
        platform:
          alerts:
            email:
              host: smtp.example.com
              tls: %s
              user: hadal
              password: env:SMTP_PASSWORD
              from: Hadal <hadal@example.com>
              to: [ops@example.com]
              rules: {quality: [], budget: [a@example.com, b@example.com]}
        """;
    MailConfig mail = Objects.requireNonNull(read(yaml.formatted("starttls")).platform().mail());
    assertThat(mail.port()).isEqualTo(587);
    assertThat(mail.rules())
        .containsEntry(AlertRule.QUALITY, List.of())
        .containsEntry(AlertRule.BUDGET, List.of("a@example.com", "b@example.com"))
        .hasSize(2);
    ServeConfig implicit = read(yaml.formatted("implicit"));
    assertThat(Objects.requireNonNull(implicit.platform().mail()).port()).isEqualTo(465);
    PlatformConfig kept = read("platform: {audit_days: 30}").platform();
    assertThat(kept.options(new DataFolder(folder)).auditDays()).isEqualTo(30);
    assertThat(implicit.effective().at("/platform.alerts.email").asString())
        .isEqualTo("smtp.example.com:465");
    assertThat(implicit.effective().toString()).doesNotContain("SMTP_PASSWORD");
  }

  /** What nodes have for themselves makes no difference. */
  @Test
  void nodesSeeWhetherTheirFilesSayTheSame() throws IOException {
    String one = read("{platform: {enabled: true, node: a}, listen: {port: 1}}").sharedHash();
    assertThat(
            read("{listen: {port: 2}, limits: {}, platform: {node: b, enabled: true}}")
                .sharedHash())
        .isEqualTo(one)
        .matches("[0-9a-f]{64}");
    assertThat(read("{platform: {enabled: true, unpriced: refused}}").sharedHash())
        .isNotEqualTo(one);
    assertThat(read("{platform: {enabled: true}, limits: {running: 7}}").sharedHash())
        .isNotEqualTo(one);
    assertThat(ServeConfig.defaults().sharedHash()).isEqualTo(read("{}").sharedHash());
    // Refused for what it is, whatever its hash.
    assertThatThrownBy(() -> read("{limits: {running: .inf}}")).isInstanceOf(FormatException.class);
    assertThatThrownBy(() -> read("{unknown: .inf}")).isInstanceOf(FormatException.class);
  }

  /** Every field of the schema is known to the reader. */
  @Test
  void schemaAndReaderAgree() throws IOException {
    StringBuilder yaml = new StringBuilder();
    write(TestServer.json(ServeConfig.schema()), "", yaml);
    assertThat(read(yaml.toString()).model()).isNotNull();
  }

  /** Fields of an object, one a line; the first of them behind a mark of its own. */
  private static void write(JsonNode schema, String indent, StringBuilder yaml) {
    for (Map.Entry<String, JsonNode> field : schema.path("properties").properties()) {
      yaml.append(indent).append(field.getKey()).append(": ");
      JsonNode of = field.getValue();
      switch (of.get("type").stringValue()) {
        case "object" -> {
          yaml.append(of.has("properties") ? "\n" : "{}\n");
          write(of, indent + "  ", yaml);
        }
        case "array" -> {
          JsonNode items = of.get("items");
          if (items.path("type").asString("").equals("object")) {
            yaml.append("\n").append(indent).append("  -\n");
            write(items, indent + "    ", yaml);
          } else {
            yaml.append('[').append(value(items)).append("]\n");
          }
        }
        default -> yaml.append(value(of)).append('\n');
      }
    }
  }

  private static String value(JsonNode schema) {
    if (schema.has("examples")) {
      return schema.get("examples").get(0).asString();
    }
    return switch (schema.get("type").stringValue()) {
      case "integer" ->
          Long.toString(
              Math.min(
                  2000,
                  schema.has("maximum") ? schema.get("maximum").longValue() : Long.MAX_VALUE));
      case "boolean" -> "true";
      default -> schema.has("enum") ? schema.get("enum").get(0).stringValue() : "x";
    };
  }
}
