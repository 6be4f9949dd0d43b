package io.hadal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hadal.server.http.HttpServerKind;
import io.hadal.server.routing.client.OutgoingRequest;
import io.hadal.server.routing.client.UpstreamCall;
import io.hadal.server.routing.client.UpstreamClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  private static final String SECRET = "changeit";

  @TempDir private Path folder = Path.of("");

  /** A key with a certificate of its own for the loopback address. */
  private KeyStore identity() throws Exception {
    Path file = folder.resolve("id.p12");
    Process keytool =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair",
                    "-alias",
                    "id",
                    "-keyalg",
                    "EC",
                    "-dname",
                    "CN=localhost",
                    "-ext",
                    "san=ip:127.0.0.1",
                    "-validity",
                    "2",
                    "-storetype",
                    "PKCS12",
                    "-storepass",
                    SECRET,
                    "-keystore",
                    file.toString()))
            .inheritIO()
            .start();
    assertThat(keytool.waitFor()).isZero();
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, SECRET.toCharArray());
    }
    return store;
  }

  private Path pem(String name, String kind, byte[] der) throws IOException {
    String text =
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(
                kind,
                Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                    .encodeToString(der),
                kind);
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void servesWithACertificateAndNothingInTheClear() throws Exception {
    assumeTrue(TestServer.HTTP == HttpServerKind.HELIDON, "the JDK's server has no TLS");
    KeyStore store = identity();
    Path certificate = pem("chain.pem", "CERTIFICATE", store.getCertificate("id").getEncoded());
    Path key = pem("key.pem", "PRIVATE KEY", store.getKey("id", SECRET.toCharArray()).getEncoded());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("id", store.getCertificate("id"));
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    try (TestServer server = new TestServer(null, ServerLimits.DEFAULT, 256, 4, certificate, key);
        HttpClient http = HttpClient.newBuilder().sslContext(context).build()) {
      String address = "127.0.0.1:" + server.server.port() + "/v1/models";
      HttpResponse<String> response =
          http.send(
              HttpRequest.newBuilder(URI.create("https://" + address)).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).contains("tiny");
      assertThatThrownBy(
              () ->
                  http.send(
                      HttpRequest.newBuilder(URI.create("http://" + address)).build(),
                      HttpResponse.BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
      URI url = URI.create("https://" + address);
      try (UpstreamClient known =
              new UpstreamClient(url, Duration.ofSeconds(5), context.getSocketFactory());
          UpstreamClient stranger = new UpstreamClient(url, Duration.ofSeconds(5))) {
        for (int i = 0; i < 3; i++) {
          try (UpstreamCall call = known.call(new OutgoingRequest("GET", url))) {
            String body = new String(call.send().body().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(body).contains("tiny");
          }
          assertThat(known.idle()).isOne();
        }
        try (UpstreamCall call = stranger.call(new OutgoingRequest("GET", url))) {
          assertThatThrownBy(call::send).isInstanceOf(SSLException.class);
        }
      }
      // Who does not know the certificate does not get in by itself.
      assertThatThrownBy(
              () ->
                  server.http.send(
                      HttpRequest.newBuilder(URI.create("https://" + address)).build(),
                      HttpResponse.BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
    }
  }
}
