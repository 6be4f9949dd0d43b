package io.hadal.platform.signin;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import io.hadal.platform.tenancy.Actor;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How to sign in by an identity provider.
 *
 * @param issuer its address, below which {@code .well-known/openid-configuration} is
 * @param clientId what it knows this installation as
 * @param clientSecret null for a public client, which PKCE protects
 * @param redirect address of {@code /admin/v1/session/oidc/callback} as browsers see it
 * @param scopes what to ask for besides {@code openid}
 * @param groupClaim name of the claim that lists a person's groups
 * @param groups roles of groups
 * @param org organisation of people who sign in for the first time
 */
public record OidcOptions(
    URI issuer,
    String clientId,
    @Nullable SecretText clientSecret,
    URI redirect,
    List<String> scopes,
    String groupClaim,
    List<GroupGrant> groups,
    String org) {
  /** Stands for the organisation that was there first, while its id is not known. */
  static final String FIRST_ORG = "";

  private static final Set<String> LOCAL = Set.of("127.0.0.1", "localhost", "[::1]", "::1");

  /** Members of a group have a role somewhere. */
  public record GroupGrant(String group, Actor.Grant grant) {}

  /**
   * Options.
   *
   * @throws FormatException when an address is not one of https, or of this machine
   */
  public OidcOptions {
    scopes = List.copyOf(scopes);
    groups = List.copyOf(groups);
    requireSafe("oidc.issuer", issuer);
    requireSafe("oidc.redirect", redirect);
    if (clientId.isBlank()) {
      throw new FormatException("oidc.client_id", "must not be empty");
    }
  }

  /** The same with {@code first} where no organisation was named. */
  public OidcOptions in(String first) {
    List<GroupGrant> placed =
        groups.stream()
            .map(
                g ->
                    g.grant().scopeId().equals(FIRST_ORG)
                        ? new GroupGrant(
                            g.group(),
                            new Actor.Grant(g.grant().role(), g.grant().scopeType(), first))
                        : g)
            .toList();
    return new OidcOptions(
        issuer,
        clientId,
        clientSecret,
        redirect,
        scopes,
        groupClaim,
        placed,
        org.equals(FIRST_ORG) ? first : org);
  }

  /** Tokens and codes do not go over the network in the clear. */
  static void requireSafe(String field, URI uri) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    String host = uri.getHost();
    if (host == null
        || uri.getRawFragment() != null
        || !(scheme.equals("https") || (scheme.equals("http") && LOCAL.contains(host)))) {
      throw new FormatException(field, "must be an https address (or http on this machine)");
    }
  }
}
