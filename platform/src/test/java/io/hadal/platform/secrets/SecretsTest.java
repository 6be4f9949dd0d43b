package io.hadal.platform.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.hadal.formats.FormatException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
  private static final String TOKEN = "hvs.token";

  @TempDir private Path folder = Path.of("");

  private HttpServer vault;
  private final Map<String, String> environment = new HashMap<>();
  private volatile String namespace = "";

  SecretsTest() throws IOException {
    vault = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  /** Answers as Vault's API reference says, for its engines KV 1 and KV 2. */
  @BeforeEach
  void start() {
    answers(
        "/v1/secret/data/hadal",
        """
        {"request_id": "r", "data": {"data": {"pepper": "1 kv2", "port": 5},
         "metadata": {"version": 3, "destroyed": false}}}
        """);
    answers("/v1/old/hadal", "{\"lease_duration\": 2764800, \"data\": {\"pepper\": \"kv1\"}}");
    answers("/v1/broken/hadal", "s3cret, and no JSON");
    answers("/v1/long/hadal", "{\"data\": {\"pepper\": \"" + "s".repeat(20_000) + "\"}}");
    vault.start();
    environment.put("VAULT_ADDR", "http://127.0.0.1:" + vault.getAddress().getPort() + "/");
    environment.put("VAULT_TOKEN", TOKEN);
  }

  @AfterEach
  void stop() {
    vault.stop(0);
  }

  private void answers(String path, String body) {
    vault.createContext(
        path,
        exchange -> {
          boolean known = TOKEN.equals(exchange.getRequestHeaders().getFirst("X-Vault-Token"));
          namespace = String.valueOf(exchange.getRequestHeaders().getFirst("X-Vault-Namespace"));
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(known ? 200 : 403, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  private String read(String reference) {
    return Secrets.read(reference, folder, environment).reveal();
  }

  private void refused(String reference, String... why) {
    assertThatThrownBy(() -> read(reference))
        .as(reference)
        .isInstanceOf(FormatException.class)
        .hasMessageContainingAll(why)
        .hasMessageNotContainingAny(TOKEN, "s3cret", "1 kv2");
  }

  @Test
  void referencesHaveThreeForms() throws Exception {
    environment.put("NAME", " value\n");
    assertThat(read("env:NAME")).isEqualTo("value");
    Files.writeString(folder.resolve("secret"), "from a file\n");
    assertThat(read("file:secret")).isEqualTo("from a file");
    refused("env:OTHER", "env:OTHER", "not set");
    refused("file:none", "file:none", "cannot be read");
    Files.writeString(folder.resolve("secret"), "x".repeat(20_000));
    refused("file:secret", "too long");
    Files.writeString(folder.resolve("secret"), " \n");
    refused("file:secret", "empty");
    refused("s3cret", "must be env:NAME");
    refused("kms:", "must be env:NAME");
    refused("kms:azure:x", "kms:azure:x", "names no provider");
    assertThat(Secrets.read("env:NAME", folder, environment)).asString().doesNotContain("value");
  }

  @Test
  void vaultsSecretsAreRead() throws Exception {
    assertThat(read("kms:vault:secret/data/hadal#pepper")).isEqualTo("1 kv2");
    assertThat(read("kms:vault:old/hadal#pepper")).isEqualTo("kv1");
    assertThat(namespace).isEqualTo("null");
    environment.put("VAULT_NAMESPACE", "team");
    assertThat(read("kms:vault:old/hadal#pepper")).isEqualTo("kv1");
    assertThat(namespace).isEqualTo("team");
    environment.remove("VAULT_TOKEN");
    refused("kms:vault:old/hadal#pepper", "VAULT_TOKEN_FILE");
    Path token = Files.writeString(folder.resolve("token"), TOKEN + "\n");
    environment.put("VAULT_TOKEN_FILE", token.toString());
    assertThat(read("kms:vault:old/hadal#pepper")).isEqualTo("kv1");
  }

  @Test
  void whatVaultRefusesIsSaidWithoutSecrets() throws Exception {
    refused("kms:vault:secret/data/hadal#none", "no such field");
    refused("kms:vault:secret/data/hadal#port", "no such field of text");
    refused("kms:vault:secret/data/hadal", "PATH#FIELD");
    refused("kms:vault:secret/../sys/seal#x", "PATH#FIELD");
    refused("kms:vault:none/hadal#x", "refused with 404");
    refused("kms:vault:broken/hadal#x", "no JSON");
    refused("kms:vault:long/hadal#pepper", "too long");
    environment.put("VAULT_TOKEN", "wrong");
    refused("kms:vault:old/hadal#pepper", "refused with 403");
    environment.put("VAULT_TOKEN", "a b");
    refused("kms:vault:old/hadal#pepper", "VAULT_TOKEN");
    environment.put("VAULT_TOKEN", TOKEN);
    environment.put("VAULT_ADDR", "http://192.0.2.1:8200");
    refused("kms:vault:old/hadal#pepper", "https://");
    environment.put("VAULT_ADDR", "https://u:p@192.0.2.1:8200");
    refused("kms:vault:old/hadal#pepper", "VAULT_ADDR");
    environment.put("VAULT_CACERT", Files.writeString(folder.resolve("ca"), "-").toString());
    environment.put("VAULT_ADDR", "https://127.0.0.1:1");
    refused("kms:vault:old/hadal#pepper", "VAULT_CACERT");
    environment.remove("VAULT_CACERT");
    refused("kms:vault:old/hadal#pepper", "cannot be reached");
    environment.remove("VAULT_ADDR");
    refused("kms:vault:old/hadal#pepper", "VAULT_ADDR");
  }

  @Test
  void commandsWriteSecrets() throws Exception {
    Path command = folder.resolve("get");
    Files.writeString(command, "#!/bin/sh\necho \"$1 of $WHO\"; echo noise >&2; exit $2\n");
    Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwx------"));
    environment.put("WHO", "hadal");
    environment.put("PATH", String.valueOf(System.getenv("PATH")));
    assertThat(read("kms:exec:" + command + " pepper  0")).isEqualTo("pepper of hadal");
    // No shell sees the arguments.
    assertThat(read("kms:exec:" + command + " $(id);x 0")).isEqualTo("$(id);x of hadal");
    refused("kms:exec:" + command + " s3cret 3", "ended with exit code 3");
    refused("kms:exec:" + folder.resolve("none") + " s3cret", "cannot be started");
    Files.writeString(command, "#!/bin/sh\nyes s3cret\n");
    refused("kms:exec:" + command, "too long");
  }
}
