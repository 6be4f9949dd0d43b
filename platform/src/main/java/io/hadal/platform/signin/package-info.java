/** How people sign in: sessions, an identity provider, and the administrator for emergencies. */
@NullMarked
package io.hadal.platform.signin;

import org.jspecify.annotations.NullMarked;
