package io.hadal.platform.tenancy;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whose request this is, as its key says.
 *
 * @param principal person or service that owns the key; null for a key of the project
 * @param models names and patterns with * of models it may use; empty for all
 * @param policy what holds for the project's content
 */
public record Identity(
    String org,
    String team,
    String project,
    String key,
    @Nullable String principal,
    Set<Scope> scopes,
    List<String> models,
    ProjectPolicy policy) {
  public Identity {
    scopes = Set.copyOf(scopes);
    models = List.copyOf(models);
  }

  /** True when the key may use a model of this name. */
  public boolean mayUse(String model) {
    return models.isEmpty() || models.stream().anyMatch(pattern -> matches(pattern, model));
  }

  /** Whether * in a pattern can stand for something that makes it the name; linear in both. */
  private static boolean matches(String pattern, String name) {
    int p = 0;
    int n = 0;
    int star = -1;
    int resume = 0;
    while (n < name.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        resume = n;
      } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
        p++;
        n++;
      } else if (star >= 0) {
        p = star + 1;
        n = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
