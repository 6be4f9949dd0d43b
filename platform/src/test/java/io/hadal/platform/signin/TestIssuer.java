package io.hadal.platform.signin;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An identity provider on a real socket: discovery, JWKS, authorization with PKCE, and tokens
 * signed with real keys. It signs everybody in at once.
 */
public final class TestIssuer implements AutoCloseable {
  public static final String CLIENT = "hadal";
  public static final String SECRET = "s3cret:with/odd+characters";

  /** What is wrong with the next tokens. */
  public enum Fault {
    NONE,
    SIGNATURE,
    AUDIENCE,
    PARTY,
    ISSUER,
    NONCE,
    EXPIRED,
    FUTURE,
    UNSIGNED,
    SHARED_SECRET,
    NO_SUBJECT
  }

  /** Large primes take their time: two keys do for all issuers, under new names each time. */
  private static final List<RSAKey> PAIRS = List.of(pair(), pair());

  private final HttpServer server;
  private final Clock clock;
  private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
  private volatile RSAKey rsa = named(PAIRS.getFirst());
  private volatile ECKey ec = ec();
  public volatile boolean elliptic;
  public volatile Fault fault = Fault.NONE;
  public volatile String subject = "u-1";
  public volatile String name = "Ann Example";
  public volatile String email = "ann@example.org";
  public volatile List<String> groups = List.of("admins");

  /** How often keys were asked for. */
  public final AtomicInteger keyRequests = new AtomicInteger();

  /** How often its addresses were asked for. */
  public final AtomicInteger discoveries = new AtomicInteger();

  /** What it publishes comes when this is open. */
  public volatile CountDownLatch published = new CountDownLatch(0);

  public TestIssuer(Clock clock) {
    this.clock = clock;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/.well-known/openid-configuration", this::discovery);
    server.createContext("/jwks", this::jwks);
    server.createContext("/authorize", this::authorize);
    server.createContext("/token", this::token);
    server.setExecutor(task -> Thread.ofVirtual().start(task));
    server.start();
  }

  private void publish(HttpExchange exchange, String json) throws IOException {
    try {
      published.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    send(exchange, 200, json);
  }

  private static RSAKey pair() {
    try {
      return new RSAKeyGenerator(2048).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static RSAKey named(RSAKey pair) {
    return new RSAKey.Builder(pair).keyID(UUID.randomUUID().toString()).build();
  }

  /** Another key than this one. */
  private static RSAKey other(RSAKey than) {
    boolean first = than.getModulus().equals(PAIRS.getFirst().getModulus());
    return named(first ? PAIRS.getLast() : PAIRS.getFirst());
  }

  private static ECKey ec() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(UUID.randomUUID().toString()).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Other keys from now on. */
  public void rotateKeys() {
    rsa = other(rsa);
    ec = ec();
  }

  public URI issuer() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void discovery(HttpExchange exchange) throws IOException {
    String me = issuer().toString();
    discoveries.incrementAndGet();
    publish(
        exchange,
        """
        {"issuer":"%1$s","authorization_endpoint":"%1$s/authorize?tenant=1",
         "token_endpoint":"%1$s/token","jwks_uri":"%1$s/jwks",
         "response_types_supported":["code"],"subject_types_supported":["public"],
         "id_token_signing_alg_values_supported":["RS256","ES256"],
         "token_endpoint_auth_methods_supported":["client_secret_basic"]}
        """
            .formatted(me));
  }

  private void jwks(HttpExchange exchange) throws IOException {
    keyRequests.incrementAndGet();
    publish(exchange, new JWKSet(List.of(rsa.toPublicJWK(), ec.toPublicJWK())).toString());
  }

  private void authorize(HttpExchange exchange) throws IOException {
    Map<String, String> query = form(exchange.getRequestURI().getRawQuery());
    if (!"code".equals(query.get("response_type"))
        || !CLIENT.equals(query.get("client_id"))
        || !"S256".equals(query.get("code_challenge_method"))
        || !List.of(query.getOrDefault("scope", "").split(" ")).contains("openid")) {
      send(exchange, 400, "{\"error\":\"invalid_request\"}");
      return;
    }
    String code = UUID.randomUUID().toString();
    codes.put(code, query);
    exchange
        .getResponseHeaders()
        .set(
            "location",
            query.get("redirect_uri")
                + "?code="
                + code
                + "&state="
                + URLEncoder.encode(query.getOrDefault("state", ""), StandardCharsets.UTF_8));
    exchange.sendResponseHeaders(302, -1);
    exchange.close();
  }

  private void token(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    Map<String, String> fields = form(body);
    // A code is good for one time.
    Map<String, String> asked = codes.remove(fields.getOrDefault("code", ""));
    String basic =
        "Basic "
            + Base64.getEncoder()
                .encodeToString(
                    (CLIENT + ":" + URLEncoder.encode(SECRET, StandardCharsets.UTF_8))
                        .getBytes(StandardCharsets.UTF_8));
    if (!basic.equals(exchange.getRequestHeaders().getFirst("authorization"))) {
      send(exchange, 401, "{\"error\":\"invalid_client\"}");
      return;
    }
    if (asked == null
        || !"authorization_code".equals(fields.get("grant_type"))
        || !Objects.equals(asked.get("redirect_uri"), fields.get("redirect_uri"))
        || !Objects.equals(
            asked.get("code_challenge"), challenge(fields.getOrDefault("code_verifier", "")))) {
      send(exchange, 400, "{\"error\":\"invalid_grant\"}");
      return;
    }
    try {
      send(
          exchange,
          200,
          "{\"access_token\":\"at\",\"token_type\":\"Bearer\",\"expires_in\":60,\"id_token\":\""
              + idToken(asked.getOrDefault("nonce", ""))
              + "\"}");
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String challenge(String verifier) {
    try {
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(
              MessageDigest.getInstance("SHA-256")
                  .digest(verifier.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Date date(long millis) {
    return Date.from(Instant.ofEpochMilli(millis));
  }

  private String idToken(String nonce) throws JOSEException {
    long now = clock.millis();
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .issuer(fault == Fault.ISSUER ? "https://evil.example" : issuer().toString())
            .audience(fault == Fault.AUDIENCE ? "another" : CLIENT)
            .subject(fault == Fault.NO_SUBJECT ? null : subject)
            .issueTime(date(fault == Fault.FUTURE ? now + 120_000 : now))
            .expirationTime(date(fault == Fault.EXPIRED ? now - 61_000 : now + 300_000))
            .claim("nonce", fault == Fault.NONCE ? "other" : nonce)
            .claim("name", name)
            .claim("email", email)
            .claim("email_verified", true)
            .claim("groups", groups)
            .claim("realm_access", Map.of("roles", groups));
    if (fault == Fault.PARTY) {
      claims.audience(List.of(CLIENT, "another")).claim("azp", "another");
    }
    if (fault == Fault.UNSIGNED) {
      return new PlainJWT(claims.build()).serialize();
    }
    JWSSigner signer;
    JWSHeader header;
    if (fault == Fault.SHARED_SECRET) {
      // The classic confusion: the public key, which everybody has, as a secret.
      header = new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(rsa.getKeyID()).build();
      signer = new MACSigner(rsa.toPublicJWK().toJSONString());
    } else if (elliptic) {
      header = new JWSHeader.Builder(JWSAlgorithm.ES256).keyID(ec.getKeyID()).build();
      ECKey other = fault == Fault.SIGNATURE ? ec() : ec;
      signer = new ECDSASigner(other);
    } else {
      header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(rsa.getKeyID()).build();
      RSAKey other = fault == Fault.SIGNATURE ? other(rsa) : rsa;
      signer = new RSASSASigner(other);
    }
    SignedJWT token = new SignedJWT(header, claims.build());
    token.sign(signer);
    return token.serialize();
  }

  private static Map<String, String> form(String text) {
    Map<String, String> fields = new HashMap<>();
    for (String part : text == null ? new String[0] : text.split("&")) {
      int equals = part.indexOf('=');
      if (equals > 0) {
        fields.put(
            URLDecoder.decode(part.substring(0, equals), StandardCharsets.UTF_8),
            URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return fields;
  }

  private static void send(HttpExchange exchange, int status, String json) throws IOException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("content-type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
