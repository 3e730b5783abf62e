CREATE TABLE "file_reads" (
	"session_id" uuid NOT NULL,
	"path" text NOT NULL,
	"read_at" bigint NOT NULL,
	CONSTRAINT "file_reads_pkey" PRIMARY KEY("session_id","path"),
	CONSTRAINT "file_reads_path_length" CHECK (octet_length("file_reads"."path") <= 2048)
);
--> statement-breakpoint
CREATE TABLE "file_versions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"path" text NOT NULL,
	"content" text NOT NULL,
	"version" integer NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "file_versions_version_unique" UNIQUE("session_id","path","version"),
	CONSTRAINT "file_versions_path_length" CHECK (octet_length("file_versions"."path") <= 2048),
	CONSTRAINT "file_versions_version_check" CHECK ("file_versions"."version" >= 0)
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"turn_number" integer NOT NULL,
	"index" integer NOT NULL,
	"role" text NOT NULL,
	"parts" jsonb NOT NULL,
	"model" text NOT NULL,
	"provider" text NOT NULL,
	"is_summary" boolean NOT NULL,
	"finished_at" bigint,
	"applied_cursor" text,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "messages_position_unique" UNIQUE("session_id","turn_number","index"),
	CONSTRAINT "messages_role_check" CHECK ("messages"."role" in ('user', 'assistant', 'tool')),
	CONSTRAINT "messages_position_check" CHECK ("messages"."turn_number" >= 0 and "messages"."index" >= 0)
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"position" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "outbox_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" uuid NOT NULL,
	"session_id" uuid NOT NULL,
	"body" text NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "outbox_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE TABLE "permission_grants" (
	"session_id" uuid NOT NULL,
	"tool_name" text NOT NULL,
	"action" text NOT NULL,
	"path" text NOT NULL,
	"granted_by" text NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "permission_grants_pkey" PRIMARY KEY("session_id","tool_name","action","path"),
	CONSTRAINT "permission_grants_path_length" CHECK (octet_length("permission_grants"."path") <= 2048)
);
--> statement-breakpoint
CREATE TABLE "permission_requests" (
	"id" uuid PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"turn_id" uuid NOT NULL,
	"tool_call_id" uuid NOT NULL,
	"tool_name" text NOT NULL,
	"action" text NOT NULL,
	"description" text NOT NULL,
	"path" text NOT NULL,
	"params" jsonb NOT NULL,
	"fingerprint" text NOT NULL,
	"status" text NOT NULL,
	"decided_by" text,
	"decided_at" bigint,
	"expires_at" bigint,
	"created_at" bigint NOT NULL,
	CONSTRAINT "permission_requests_status_check" CHECK ("permission_requests"."status" in ('pending', 'allowed', 'denied', 'expired', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "projects" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"external_ip" text,
	"frontend_port" integer,
	"backend_port" integer,
	"frontend_language" text,
	"backend_language" text,
	"frontend_command" text,
	"backend_command" text,
	"need_database" boolean NOT NULL,
	"subdomain" text,
	"workspace_path" text NOT NULL,
	"workspace_root" text,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "projects_name_length" CHECK (char_length("projects"."name") between 1 and 1024),
	CONSTRAINT "projects_port_range" CHECK ("projects"."frontend_port" between 0 and 65535 and "projects"."backend_port" between 0 and 65535)
);
--> statement-breakpoint
CREATE TABLE "provider_credentials" (
	"user_id" uuid NOT NULL,
	"provider" text NOT NULL,
	"api_key_sealed" text NOT NULL,
	"api_key_hint" text NOT NULL,
	"base_url" text,
	"max_tokens" integer,
	"reasoning_effort" text,
	"is_default" boolean NOT NULL,
	"model" text,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "provider_credentials_pkey" PRIMARY KEY("user_id","provider"),
	CONSTRAINT "provider_credentials_provider_length" CHECK (char_length("provider_credentials"."provider") between 1 and 128)
);
--> statement-breakpoint
CREATE TABLE "session_model_configs" (
	"session_id" uuid PRIMARY KEY NOT NULL,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"api_key_sealed" text,
	"api_key_hint" text,
	"base_url" text,
	"max_tokens" integer,
	"temperature" double precision,
	"top_p" double precision,
	"reasoning_effort" text,
	"is_auto" boolean NOT NULL,
	"updated_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"project_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"parent_session_id" uuid,
	"title" text NOT NULL,
	"message_count" integer NOT NULL,
	"prompt_tokens" bigint NOT NULL,
	"completion_tokens" bigint NOT NULL,
	"cost" double precision NOT NULL,
	"context_window" integer NOT NULL,
	"summary_message_id" uuid,
	"todos" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "sessions_title_length" CHECK (char_length("sessions"."title") between 0 and 1024),
	CONSTRAINT "sessions_counters" CHECK ("sessions"."message_count" >= 0 and "sessions"."prompt_tokens" >= 0 and "sessions"."completion_tokens" >= 0 and "sessions"."cost" >= 0 and "sessions"."context_window" >= 0)
);
--> statement-breakpoint
CREATE TABLE "tool_calls" (
	"id" uuid PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"message_id" uuid,
	"turn_id" uuid NOT NULL,
	"provider_call_id" text NOT NULL,
	"name" text NOT NULL,
	"input" text NOT NULL,
	"status" text NOT NULL,
	"result" text,
	"is_error" boolean NOT NULL,
	"error_message" text,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	"started_at" bigint,
	"finished_at" bigint,
	CONSTRAINT "tool_calls_status_check" CHECK ("tool_calls"."status" in ('pending', 'running', 'awaiting_permission', 'completed', 'error', 'cancelled', 'timeout'))
);
--> statement-breakpoint
CREATE TABLE "session_leases" (
	"session_id" uuid PRIMARY KEY NOT NULL,
	"owner" text,
	"token" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"released" boolean NOT NULL,
	"taken_over" boolean NOT NULL,
	CONSTRAINT "session_leases_token_check" CHECK ("session_leases"."token" >= 0)
);
--> statement-breakpoint
CREATE TABLE "steps" (
	"turn_id" uuid NOT NULL,
	"index" integer NOT NULL,
	"kind" text NOT NULL,
	"tool" text,
	"subject_id" uuid NOT NULL,
	"state" text NOT NULL,
	"effect" text NOT NULL,
	"input" text,
	"output" text,
	"token" bigint NOT NULL,
	"started_at" bigint NOT NULL,
	"finished_at" bigint,
	CONSTRAINT "steps_pkey" PRIMARY KEY("turn_id","index"),
	CONSTRAINT "steps_kind_check" CHECK ("steps"."kind" in ('model', 'tool')),
	CONSTRAINT "steps_state_check" CHECK ("steps"."state" in ('started', 'done', 'failed', 'unknown')),
	CONSTRAINT "steps_effect_check" CHECK ("steps"."effect" in ('none', 'idempotent', 'unsafe')),
	CONSTRAINT "steps_index_check" CHECK ("steps"."index" >= 0)
);
--> statement-breakpoint
CREATE TABLE "turns" (
	"id" uuid PRIMARY KEY NOT NULL,
	"session_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"status" text NOT NULL,
	"attempt" integer NOT NULL,
	"cancel_requested" boolean NOT NULL,
	"message_id" uuid NOT NULL,
	"idempotency_key" text,
	"prompt_digest" text NOT NULL,
	"error" text,
	"error_code" text,
	"created_at" bigint NOT NULL,
	"started_at" bigint,
	"finished_at" bigint,
	CONSTRAINT "turns_number_unique" UNIQUE("session_id","number"),
	CONSTRAINT "turns_idempotency_unique" UNIQUE("session_id","idempotency_key"),
	CONSTRAINT "turns_status_check" CHECK ("turns"."status" in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
	CONSTRAINT "turns_counters" CHECK ("turns"."number" >= 1 and "turns"."attempt" >= 0),
	CONSTRAINT "turns_idempotency_length" CHECK (octet_length("turns"."idempotency_key") <= 1024)
);
--> statement-breakpoint
CREATE TABLE "uploads" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"session_id" uuid,
	"key" text NOT NULL,
	"filename" text NOT NULL,
	"mime_type" text NOT NULL,
	"size" bigint NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "uploads_key_unique" UNIQUE("key"),
	CONSTRAINT "uploads_key_length" CHECK (octet_length("uploads"."key") <= 1024),
	CONSTRAINT "uploads_filename_length" CHECK (char_length("uploads"."filename") between 0 and 255),
	CONSTRAINT "uploads_size_check" CHECK ("uploads"."size" >= 0)
);
--> statement-breakpoint
CREATE TABLE "login_sessions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" uuid NOT NULL,
	"created_at" bigint NOT NULL,
	"last_used_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"revoked_at" bigint
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" uuid PRIMARY KEY NOT NULL,
	"username" text NOT NULL,
	"email" text NOT NULL,
	"password_hash" text,
	"avatar_url" text,
	"role" text NOT NULL,
	"disabled_at" bigint,
	"tokens_valid_after" bigint NOT NULL,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "users_role_check" CHECK ("users"."role" in ('admin', 'member')),
	CONSTRAINT "users_username_length" CHECK (char_length("users"."username") between 1 and 256),
	CONSTRAINT "users_email_length" CHECK (char_length("users"."email") between 1 and 320)
);
--> statement-breakpoint
ALTER TABLE "file_reads" ADD CONSTRAINT "file_reads_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "file_versions" ADD CONSTRAINT "file_versions_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "permission_grants" ADD CONSTRAINT "permission_grants_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "permission_requests" ADD CONSTRAINT "permission_requests_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "permission_requests" ADD CONSTRAINT "permission_requests_tool_call_id_tool_calls_id_fk" FOREIGN KEY ("tool_call_id") REFERENCES "public"."tool_calls"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "projects" ADD CONSTRAINT "projects_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "provider_credentials" ADD CONSTRAINT "provider_credentials_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session_model_configs" ADD CONSTRAINT "session_model_configs_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_parent_session_id_sessions_id_fk" FOREIGN KEY ("parent_session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tool_calls" ADD CONSTRAINT "tool_calls_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tool_calls" ADD CONSTRAINT "tool_calls_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tool_calls" ADD CONSTRAINT "tool_calls_turn_id_turns_id_fk" FOREIGN KEY ("turn_id") REFERENCES "public"."turns"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "session_leases" ADD CONSTRAINT "session_leases_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "steps" ADD CONSTRAINT "steps_turn_id_turns_id_fk" FOREIGN KEY ("turn_id") REFERENCES "public"."turns"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "turns" ADD CONSTRAINT "turns_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "turns" ADD CONSTRAINT "turns_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_session_id_sessions_id_fk" FOREIGN KEY ("session_id") REFERENCES "public"."sessions"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "login_sessions" ADD CONSTRAINT "login_sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "messages_unfinished_index" ON "messages" USING btree ("session_id") WHERE "messages"."finished_at" is null;--> statement-breakpoint
CREATE INDEX "permission_requests_session_index" ON "permission_requests" USING btree ("session_id","status");--> statement-breakpoint
CREATE INDEX "permission_requests_tool_call_index" ON "permission_requests" USING btree ("tool_call_id");--> statement-breakpoint
CREATE INDEX "permission_requests_expiry_index" ON "permission_requests" USING btree ("expires_at") WHERE "permission_requests"."status" = 'pending';--> statement-breakpoint
CREATE INDEX "projects_user_index" ON "projects" USING btree ("user_id","created_at","id");--> statement-breakpoint
CREATE INDEX "sessions_project_index" ON "sessions" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "sessions_user_index" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_parent_index" ON "sessions" USING btree ("parent_session_id") WHERE "sessions"."parent_session_id" is not null;--> statement-breakpoint
CREATE INDEX "tool_calls_session_index" ON "tool_calls" USING btree ("session_id","created_at","id");--> statement-breakpoint
CREATE INDEX "tool_calls_turn_index" ON "tool_calls" USING btree ("turn_id");--> statement-breakpoint
CREATE INDEX "tool_calls_message_index" ON "tool_calls" USING btree ("message_id");--> statement-breakpoint
CREATE INDEX "tool_calls_open_index" ON "tool_calls" USING btree ("session_id") WHERE "tool_calls"."status" in ('pending', 'running', 'awaiting_permission');--> statement-breakpoint
CREATE INDEX "session_leases_owner_index" ON "session_leases" USING btree ("owner") WHERE "session_leases"."owner" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "turns_running_unique" ON "turns" USING btree ("session_id") WHERE "turns"."status" = 'running';--> statement-breakpoint
CREATE INDEX "turns_unfinished_index" ON "turns" USING btree ("session_id","number") WHERE "turns"."status" in ('queued', 'running', 'waiting');--> statement-breakpoint
CREATE INDEX "turns_queue_index" ON "turns" USING btree ("created_at","id") WHERE "turns"."status" = 'queued';--> statement-breakpoint
CREATE INDEX "turns_user_index" ON "turns" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "uploads_user_index" ON "uploads" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "uploads_session_index" ON "uploads" USING btree ("session_id");--> statement-breakpoint
CREATE INDEX "login_sessions_user_index" ON "login_sessions" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "users_username_unique" ON "users" USING btree (lower("username"));--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_unique" ON "users" USING btree (lower("email"));