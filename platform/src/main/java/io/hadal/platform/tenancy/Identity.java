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

  /** Whether a model may be used: by its name, or by a pattern in which * stands for anything. */
  public boolean mayUse(String model) {
    return models.isEmpty() || models.stream().anyMatch(pattern -> matches(pattern, model));
  }

  private static boolean matches(String pattern, String model) {
    String[] parts = pattern.split("\\*", -1);
    if (!model.startsWith(parts[0])) {
      return false;
    }
    int at = parts[0].length();
    for (int i = 1; i < parts.length - 1; i++) {
      int found = model.indexOf(parts[i], at);
      if (found < 0) {
        return false;
      }
      at = found + parts[i].length();
    }
    String last = parts[parts.length - 1];
    return parts.length == 1
        ? model.length() == at
        : model.length() - last.length() >= at && model.endsWith(last);
  }
}
