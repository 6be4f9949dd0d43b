package io.hadal.server.admin;

import io.hadal.platform.tenancy.Actor;
import io.hadal.platform.tenancy.Place;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
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

  /**
   * A group of what belongs to all, or to an organisation: whoever may read it somewhere reads it,
   * as far as it filters by the actor's organisation; changes need their permission there.
   */
  static EndpointGroup shared(EndpointGroup group) {
    return placed(
        group,
        (endpoint, actor) -> endpoint.method().equals("GET") ? Place.ANYWHERE : Place.home(actor));
  }

  /**
   * A group that filters what it shows and changes by itself, with the place that its calls need
   * their permission in.
   *
   * @param place {@link Place#ANYWHERE} for a group that filters by the actor's grants, {@link
   *     Place#home} for one that filters by the actor's org
   */
  static EndpointGroup placed(EndpointGroup group, Function<Actor, Place> place) {
    return placed(group, (endpoint, actor) -> place.apply(actor));
  }

  private static EndpointGroup placed(
      EndpointGroup group, BiFunction<Endpoint, Actor, Place> place) {
    return new EndpointGroup() {
      @Override
      public List<Endpoint> endpoints() {
        return group.endpoints();
      }

      @Override
      public Place place(Endpoint endpoint, AdminCall call) {
        Place own = group.place(endpoint, call);
        return own == null ? place.apply(endpoint, call.actor()) : own;
      }
    };
  }
}
