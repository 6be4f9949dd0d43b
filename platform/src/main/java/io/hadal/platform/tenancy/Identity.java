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
    return models.isEmpty()
        || models.stream().anyMatch(pattern -> new ModelPattern(pattern).matches(model));
  }
}
