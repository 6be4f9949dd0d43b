package io.hadal.server.admin;

import io.hadal.platform.tenancy.Place;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Endpoints that belong together. */
public interface EndpointGroup {
  List<Endpoint> endpoints();

  /**
   * Where the permission of a call is needed, when path, query and body do not name an org, team,
   * project, principal or key; such as the place of the budget that the path names by its id.
   * {@link Place#ANYWHERE} for lists that show only what their reader may see.
   *
   * @return null for no such place: then the permission is needed for the whole system, except to
   *     read what belongs to all, as models and prices do
   */
  default @Nullable Place place(Endpoint endpoint, AdminCall call) {
    return null;
  }
}
