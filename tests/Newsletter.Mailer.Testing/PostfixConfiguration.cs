using System.Globalization;

namespace Newsletter.Mailer.Testing;

/// <summary>The files of the private Postfix and its Dovecot.</summary>
internal static class PostfixConfiguration
{
    public static void WritePostfix(string folder, int port)
    {
        foreach (var sub in new[] { "postfix", "queue", "data", "mail" })
            Directory.CreateDirectory(Path.Combine(folder, sub));
        PostfixServerProcess.Run("/bin/chown", "postfix", Path.Combine(folder, "data"));
        PostfixServerProcess.Run("/bin/chown", "nobody:nogroup", Path.Combine(folder, "mail"));
        File.WriteAllText(Path.Combine(folder, "postfix/main.cf"), Main(folder));
        File.WriteAllText(Path.Combine(folder, "postfix/master.cf"), Master(port));
        File.WriteAllText(Path.Combine(folder, "postfix/mailboxes"), "!/^unknown@/ inbox/\n");
        File.WriteAllText(Path.Combine(folder, "postfix/senders"), "/^refused@/ 553 5.7.1 Not one of our senders\n");
    }

    /// <summary>Only the log-in service; Postfix asks it through its socket.</summary>
    /// <returns>The configuration file.</returns>
    public static string WriteDovecot(string folder, string userName, string password)
    {
        var file = Path.Combine(folder, "dovecot.conf");
        File.WriteAllText(Path.Combine(folder, "users"), $"{userName}:{{PLAIN}}{password}\n");
        File.WriteAllText(file, $$"""
            base_dir = {{folder}}/dovecot
            state_dir = {{folder}}/dovecot
            log_path = {{folder}}/dovecot.log
            protocols =
            ssl = no
            default_internal_user = nobody
            default_login_user = nobody
            auth_mechanisms = plain login
            auth_failure_delay = 0
            passdb {
              driver = passwd-file
              args = {{folder}}/users
            }
            userdb {
              driver = static
              args = uid=nobody gid=nogroup home=/nonexistent
            }
            service auth {
              unix_listener {{folder}}/auth.sock {
                mode = 0666
              }
            }

            """);
        return file;
    }

    private static string Main(string folder) => $"""
        compatibility_level = 3.6
        notify_classes =
        queue_directory = {folder}/queue
        data_directory = {folder}/data
        multi_instance_enable = yes
        maillog_file = {folder}/postfix.log
        maillog_file_prefixes = {folder}
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = relay.example.test
        mydestination =
        mynetworks =
        alias_maps =
        local_header_rewrite_clients =
        smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
        smtpd_client_restrictions =
        smtpd_sender_restrictions = check_sender_access regexp:{folder}/postfix/senders
        smtpd_recipient_restrictions = permit_sasl_authenticated, reject
        smtpd_sasl_auth_enable = yes
        smtpd_sasl_type = dovecot
        smtpd_sasl_path = {folder}/auth.sock
        smtpd_tls_auth_only = yes
        smtpd_tls_security_level = may
        smtpd_tls_chain_files = {folder}/server.pem
        virtual_mailbox_domains = static:all
        virtual_mailbox_maps = regexp:{folder}/postfix/mailboxes
        virtual_mailbox_base = {folder}/mail
        virtual_uid_maps = static:65534
        virtual_gid_maps = static:65534

        """;

    /// <summary>As shipped, but for our port instead of the public one, and no chroot (the eighth column is the command).</summary>
    private static string Master(int port)
    {
        var lines = File.ReadAllLines("/usr/share/postfix/master.cf.dist")
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is { Length: >= 8 } columns && !char.IsWhiteSpace(line[0])
                ? string.Join(' ', Changed(columns, port))
                : line);
        return string.Join('\n', lines) + "\n";
    }

    private static string[] Changed(string[] columns, int port)
    {
        if (columns is ["smtp", "inet", ..])
            columns[0] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        columns[4] = "n";
        return columns;
    }
}
