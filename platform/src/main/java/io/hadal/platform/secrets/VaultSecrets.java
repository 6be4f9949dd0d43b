package io.hadal.platform.secrets;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * {@code kms:vault:PATH#FIELD}: a field of a secret of HashiCorp Vault, OpenBao and what else
 * speaks their HTTP API, engines KV 1 ({@code secret/hadal#pepper}) and KV 2 ({@code
 * secret/data/hadal#pepper}). Their own variables say where it is and who asks: {@code VAULT_ADDR},
 * {@code VAULT_TOKEN} or {@code VAULT_TOKEN_FILE}, {@code VAULT_NAMESPACE}, {@code VAULT_CACERT}.
 */
final class VaultSecrets implements SecretProvider {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  @Override
  public String name() {
    return "vault";
  }

  @Override
  public String read(String rest, Map<String, String> environment) {
    String at = "kms:vault:" + rest;
    int hash = rest.indexOf('#');
    String path = hash < 0 ? "" : rest.substring(0, hash);
    if (!path.matches("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+") || path.contains("..")) {
      throw new FormatException(at, "must be kms:vault:PATH#FIELD");
    }
    URI address = address(environment.get("VAULT_ADDR"), at);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address + "/v1/" + path))
            .timeout(TIMEOUT)
            .header("X-Vault-Token", token(environment, at))
            .header("X-Vault-Request", "true");
    String namespace = environment.get("VAULT_NAMESPACE");
    try {
      if (namespace != null && !namespace.isBlank()) {
        request.header("X-Vault-Namespace", namespace.strip());
      }
      HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(TIMEOUT);
      SSLContext trust = trust(environment.get("VAULT_CACERT"), at);
      if (trust != null) {
        builder.sslContext(trust);
      }
      // Redirects are not followed: the token would go along.
      try (HttpClient client = builder.build()) {
        HttpResponse<InputStream> response =
            client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = response.body()) {
          if (response.statusCode() != 200) {
            throw new FormatException(at, "is refused with " + response.statusCode());
          }
          return field(Secrets.bounded(body, at), rest.substring(hash + 1), at);
        }
      }
    } catch (IOException e) {
      throw new FormatException(at, "cannot be reached at " + address, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FormatException(at, "was interrupted", e);
    }
  }

  private static URI address(@Nullable String text, String at) {
    if (text == null || text.isBlank()) {
      throw new FormatException(at, "needs VAULT_ADDR in the environment");
    }
    try {
      URI uri = URI.create(text.strip().replaceFirst("/+$", ""));
      boolean secure = "https".equals(uri.getScheme());
      if (uri.getHost() != null
          && uri.getUserInfo() == null
          && (secure || ("http".equals(uri.getScheme()) && here(uri.getHost())))) {
        return uri;
      }
    } catch (IllegalArgumentException | UnknownHostException e) {
      throw new FormatException(at, "VAULT_ADDR is no address", e);
    }
    throw new FormatException(at, "VAULT_ADDR must begin with https:// beyond this machine");
  }

  private static boolean here(String host) throws UnknownHostException {
    return InetAddress.getByName(host).isLoopbackAddress();
  }

  private static String token(Map<String, String> environment, String at) {
    String file = environment.get("VAULT_TOKEN_FILE");
    String token = environment.get("VAULT_TOKEN");
    if (token == null && file != null) {
      token = Secrets.read("file:" + file, Path.of(""), environment).reveal();
    }
    if (token == null || !token.strip().matches("[!-~]+")) {
      throw new FormatException(at, "needs VAULT_TOKEN or VAULT_TOKEN_FILE in the environment");
    }
    return token.strip();
  }

  private static @Nullable SSLContext trust(@Nullable String file, String at) {
    if (file == null || file.isBlank()) {
      return null;
    }
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca" + store.size(), one);
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new FormatException(at, "VAULT_CACERT has no certificates: " + file, e);
    }
  }

  private static String field(String body, String field, String at) {
    JsonNode data;
    try {
      data = Json.parse(body.getBytes(StandardCharsets.UTF_8), at).path("data");
    } catch (FormatException e) {
      // Without the parser's words, which may hold a piece of the secret.
      throw new FormatException(at, "is answered with something that is no JSON");
    }
    // Version 2 of the engine puts metadata beside the fields.
    JsonNode fields =
        data.path("data").isObject() && data.has("metadata") ? data.path("data") : data;
    if (!fields.path(field).isString()) {
      throw new FormatException(at, "has no such field of text");
    }
    return fields.path(field).stringValue();
  }
}
