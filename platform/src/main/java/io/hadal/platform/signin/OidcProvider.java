package io.hadal.platform.signin;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.BadJWTException;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import io.hadal.formats.FormatException;
import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.tenancy.Names;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * An identity provider that speaks OpenID Connect: authorization code with PKCE, ID tokens signed
 * with asymmetric keys of its JWKS (OpenID Connect Core 1.0, section 3.1; RFC 7636).
 */
final class OidcProvider implements AutoCloseable {
  /** No {@code none} and no shared secrets. */
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private static final Duration SKEW = Duration.ofSeconds(60);
  private static final int LONGEST_SUBJECT = 255;
  private static final int LONGEST_NAME = 100;
  private static final int MOST_GROUPS = 1000;
  private static final int LONGEST_CODE = 4096;

  private final OidcOptions options;
  private final Clock clock;
  private final IssuerCalls calls = new IssuerCalls();
  private final KeptDocument<Metadata> metadata;
  private final KeptDocument<JWKSet> keys;

  private record Metadata(URI authorization, URI token, URI jwks, boolean basic) {}

  /**
   * Somebody it vouches for.
   *
   * @param subject issuer and subject
   */
  record User(String subject, String name, @Nullable String email, List<String> groups) {}

  OidcProvider(OidcOptions options, Clock clock) {
    this.options = options;
    this.clock = clock;
    this.metadata = new KeptDocument<>(this::askMetadata, clock);
    this.keys = new KeptDocument<>(this::askKeys, clock);
  }

  /**
   * Where to send a browser.
   *
   * @throws Refusal when the provider cannot be asked for its addresses
   */
  URI authorization(OidcFlow flow) {
    List<String> scopes = new ArrayList<>(List.of("openid"));
    options.scopes().stream().filter(s -> !scopes.contains(s)).forEach(scopes::add);
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("response_type", "code");
    fields.put("client_id", options.clientId());
    fields.put("redirect_uri", options.redirect().toString());
    fields.put("scope", String.join(" ", scopes));
    fields.put("state", flow.state().reveal());
    fields.put("nonce", flow.nonce().reveal());
    fields.put("code_challenge", flow.challenge());
    fields.put("code_challenge_method", "S256");
    URI endpoint = metadata().authorization();
    String separator = endpoint.getRawQuery() == null ? "?" : "&";
    return URI.create(endpoint + separator + form(fields));
  }

  /**
   * Who has come back with a code.
   *
   * @throws Refusal when the provider does not vouch for anybody
   */
  User redeem(String code, OidcFlow flow) {
    if (code.isEmpty() || code.length() > LONGEST_CODE) {
      throw invalid("there is no code");
    }
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("grant_type", "authorization_code");
    fields.put("code", code);
    fields.put("redirect_uri", options.redirect().toString());
    fields.put("code_verifier", flow.verifier().reveal());
    Metadata known = metadata();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(known.token())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json");
    SecretText secret = options.clientSecret();
    if (secret != null && known.basic()) {
      String pair = encoded(options.clientId()) + ":" + encoded(secret.reveal());
      request.header(
          "authorization",
          "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    } else {
      fields.put("client_id", options.clientId());
      if (secret != null) {
        fields.put("client_secret", secret.reveal());
      }
    }
    IssuerCalls.Answer answer =
        calls.send(request.POST(HttpRequest.BodyPublishers.ofString(form(fields))).build());
    if (answer.status() >= 500) {
      throw IssuerCalls.unavailable("answers with status " + answer.status());
    }
    if (answer.status() != 200) {
      throw invalid("the code is not accepted");
    }
    JsonNode token = answer.json().get("id_token");
    if (token == null || !token.isString()) {
      throw invalid("there is no ID token");
    }
    return user(verified(token.stringValue(), flow.nonce()));
  }

  private JWTClaimsSet verified(String token, SecretText nonce) {
    try {
      String kid = SignedJWT.parse(token).getHeader().getKeyID();
      DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
      processor.setJWSKeySelector(
          new JWSVerificationKeySelector<>(ALGORITHMS, new ImmutableJWKSet<>(keys(kid))));
      processor.setJWTClaimsSetVerifier((claims, context) -> check(claims, nonce));
      return processor.process(token, null);
    } catch (BadJWTException e) {
      // Said by check below: it names a rule, not a value.
      throw invalid("the ID token " + e.getMessage());
    } catch (ParseException | BadJOSEException | JOSEException e) {
      throw invalid("the ID token is not signed by its issuer");
    }
  }

  private void check(JWTClaimsSet claims, SecretText nonce) throws BadJWTException {
    long now = clock.millis();
    Long expires = millis(claims.getExpirationTime());
    Long issued = millis(claims.getIssueTime());
    Long begins = millis(claims.getNotBeforeTime());
    List<String> audience = claims.getAudience();
    Object party = claims.getClaim("azp");
    String subject = claims.getSubject();
    String problem =
        !options.issuer().toString().equals(claims.getIssuer())
            ? "is of another issuer"
            : !audience.contains(options.clientId())
                ? "is for somebody else"
                : (party == null ? audience.size() > 1 : !options.clientId().equals(party))
                    ? "was asked for by somebody else"
                    : expires == null || now >= expires + SKEW.toMillis()
                        ? "has expired"
                        : issued == null || issued > now + SKEW.toMillis()
                            ? "is not yet issued"
                            : begins != null && begins > now + SKEW.toMillis()
                                ? "is not yet valid"
                                : subject == null
                                        || subject.isEmpty()
                                        || subject.length() > LONGEST_SUBJECT
                                    ? "names nobody"
                                    : !same(claims.getClaim("nonce"), nonce)
                                        ? "belongs to another sign-in"
                                        : "";
    if (!problem.isEmpty()) {
      throw new BadJWTException(problem);
    }
  }

  private static @Nullable Long millis(@Nullable Date date) {
    return date == null ? null : date.toInstant().toEpochMilli();
  }

  private static boolean same(@Nullable Object given, SecretText nonce) {
    return given instanceof String text
        && MessageDigest.isEqual(
            text.getBytes(StandardCharsets.UTF_8), nonce.reveal().getBytes(StandardCharsets.UTF_8));
  }

  private User user(JWTClaimsSet claims) {
    Map<String, Object> all = claims.getClaims();
    Object mail = all.get("email");
    String email =
        mail instanceof String text
                && !Boolean.FALSE.equals(all.get("email_verified"))
                && text.length() <= 254
                && Names.isPlain(text)
                && text.matches("[^@\\s\\p{Cntrl}]+@[^@\\s\\p{Cntrl}]+")
            ? text
            : null;
    String name = claims.getSubject();
    for (Object candidate : new Object[] {email, all.get("preferred_username"), all.get("name")}) {
      if (candidate instanceof String text && !text.isBlank()) {
        name = text;
      }
    }
    String shown = Names.plain(name).strip();
    return new User(
        claims.getIssuer() + "|" + claims.getSubject(),
        shown.length() > LONGEST_NAME ? shown.substring(0, LONGEST_NAME) : shown,
        email,
        groups(all));
  }

  /** Groups by the claim's name, or by a path of names as Keycloak's realm_access.roles. */
  private List<String> groups(Map<String, Object> claims) {
    Object value = claims.get(options.groupClaim());
    if (value == null && options.groupClaim().contains(".")) {
      value = claims;
      for (String step : options.groupClaim().split("\\.")) {
        value = value instanceof Map<?, ?> map ? map.get(step) : null;
      }
    }
    if (value instanceof String one) {
      return List.of(one);
    }
    List<String> groups = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof String group && groups.size() < MOST_GROUPS) {
          groups.add(group);
        }
      }
    }
    return groups;
  }

  private Metadata metadata() {
    return metadata.get(known -> true);
  }

  private Metadata askMetadata() {
    String issuer = options.issuer().toString();
    String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
    JsonNode json = calls.get(URI.create(base + "/.well-known/openid-configuration"));
    if (!json.path("issuer").asString("").equals(issuer)) {
      throw IssuerCalls.unavailable("says that it is another issuer");
    }
    boolean basic = true;
    JsonNode methods = json.get("token_endpoint_auth_methods_supported");
    if (methods != null && methods.isArray()) {
      Set<String> names = methods.valueStream().map(JsonNode::asString).collect(Collectors.toSet());
      basic = names.contains("client_secret_basic") || !names.contains("client_secret_post");
    }
    return new Metadata(
        address(json, "authorization_endpoint"),
        address(json, "token_endpoint"),
        address(json, "jwks_uri"),
        basic);
  }

  private static URI address(JsonNode json, String name) {
    try {
      URI uri = URI.create(json.path(name).asString(""));
      OidcOptions.requireSafe(name, uri);
      return uri;
    } catch (IllegalArgumentException | FormatException e) {
      throw IssuerCalls.unavailable("gives no usable " + name);
    }
  }

  /** Its keys; asked for again when they are old, or lack one. */
  private JWKSet keys(@Nullable String kid) {
    return keys.get(known -> kid == null || known.getKeyByKeyId(kid) != null);
  }

  private JWKSet askKeys() {
    try {
      return JWKSet.parse(calls.get(metadata().jwks()).toString());
    } catch (ParseException e) {
      throw IssuerCalls.unavailable("gives no usable keys");
    }
  }

  private static String form(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(e -> encoded(e.getKey()) + "=" + encoded(e.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static Refusal invalid(String problem) {
    return new Refusal(Refusal.Reason.UNAUTHENTICATED, "The sign-in failed: " + problem + ".");
  }

  @Override
  public void close() {
    calls.close();
  }
}
