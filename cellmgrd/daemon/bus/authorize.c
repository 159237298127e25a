// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include "authorize.h"

#include <errno.h>

#include "bus-error.h"
#include "cleanup.h"
#include "service.h"
#include "name.h"
#include "systemd-call.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define ALLOW_USER_INTERACTION 1u

struct question {
	struct service *service;
	sd_bus_message *call;
	const char *action;
	authorized_fn fn;
};

static void question_free(void *userdata)
{
	struct question *question = userdata;

	sd_bus_message_unref(question->call);
	free(question);
}

static int read_answer(sd_bus_message *answer, const struct question *question, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(answer);
	int authorized, challenge, r;

	if (failure)
		return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
					 "Only root may do this, because polkit, which decides for "
					 "other users, does not answer: %s",
					 failure->message);

	r = sd_bus_message_enter_container(answer, 'r', "bba{ss}");
	if (r < 0)
		return r;
	r = sd_bus_message_read(answer, "bb", &authorized, &challenge);
	if (r < 0)
		return r;
	if (authorized)
		return 0;

	/* The name by which clients know that to allow interaction would help, as with systemd. */
	if (challenge)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					 "polkit does not allow %s to this user without "
					 "authentication.",
					 question->action);

	return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
				 "polkit does not allow %s to this user.", question->action);
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error)
{
	struct question *question = userdata;
	CLEANUP_BUS_ERROR sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = read_answer(answer, question, &error);

	(void)ret_error;
	if (r >= 0)
		r = question->fn(question->service, question->call, &error);
	if (r < 0)
		bus_error_reply(question->call, r, &error);

	return 0;
}

static int append_detail(sd_bus_message *m, const char *key, const char *value)
{
	return value ? sd_bus_message_append(m, "{ss}", key, value) : 0;
}

static int append_details(sd_bus_message *m, const struct authorize_details *details)
{
	CLEANUP_FREE char *unit = details->cell ? name_to_unit(details->cell) : NULL;
	int r = sd_bus_message_open_container(m, 'a', "{ss}");

	if (r >= 0)
		r = append_detail(m, "verb", details->verb);
	if (r >= 0)
		r = append_detail(m, "cell", details->cell);
	if (r >= 0)
		r = append_detail(m, "unit", unit ? unit : HYPERVISOR_UNIT);

	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int ask_polkit(struct question *question, const struct authorize_details *details)
{
	CLEANUP_MESSAGE sd_bus_message *m = NULL;
	CLEANUP_SLOT sd_bus_slot *slot = NULL;
	sd_bus *bus = question->service->bus;
	int interactive = sd_bus_message_get_allow_interactive_authorization(question->call);
	int r;

	r = sd_bus_message_new_method_call(bus, &m, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
					   "CheckAuthorization");
	if (r < 0)
		return r;

	r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
				  sd_bus_message_get_sender(question->call), question->action);
	if (r >= 0)
		r = append_details(m, details);
	if (r >= 0)
		r = sd_bus_message_append(m, "us", interactive > 0 ? ALLOW_USER_INTERACTION : 0,
					  "");
	if (r < 0)
		return r;

	/* A person may be typing a password: no time-out of ours. */
	r = sd_bus_call_async(bus, &slot, m, on_answer, question, UINT64_MAX);
	if (r < 0)
		return r;

	sd_bus_slot_set_destroy_callback(slot, question_free);
	return sd_bus_slot_set_floating(slot, 1);
}

int authorize_sender(sd_bus_message *call, uid_t *ret)
{
	sd_bus_creds *creds = NULL;
	int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);

	if (r >= 0)
		r = sd_bus_creds_get_euid(creds, ret);
	sd_bus_creds_unref(creds);
	return r;
}

int authorize(struct service *service, sd_bus_message *call, const char *action,
	      const struct authorize_details *details, authorized_fn fn, sd_bus_error *error)
{
	struct question *question;
	uid_t uid;
	int r = authorize_sender(call, &uid);

	if (r < 0)
		return r;
	if (uid == 0)
		return fn(service, call, error);

	question = calloc(1, sizeof(*question));
	if (!question)
		return -ENOMEM;
	*question = (struct question){service, sd_bus_message_ref(call), action, fn};

	r = ask_polkit(question, details);
	if (r < 0) {
		question_free(question);
		return r;
	}

	return 1;
}
