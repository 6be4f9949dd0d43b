package io.hadal.server.admin;

import java.util.List;

/** Endpoints that belong together. */
public interface EndpointGroup {
  List<Endpoint> endpoints();
}
